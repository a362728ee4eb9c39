"""Tasks on paper: all that the filters of the list ask for, without menus."""

from lib.ui import filters, paper, session
from lib.ui.task_list import desk_of

desk = desk_of(session.person())
paper.print_list(desk, filters.options(desk))
