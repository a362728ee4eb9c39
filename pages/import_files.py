"""Import: requests and claims in every format, previewed before they come in."""

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from lib import us_formats
from lib.access import Verb, may_anywhere
from lib.errors import BillingError
from lib.import_report_models import ImportReport
from lib.intake import imports
from lib.intake.files.non_x12_formats import Chosen, TableOptions
from lib.intake.files.parsed_file import CLAIMS
from lib.intake.files.reader_process import MAX_BYTES as READ_WHOLE
from lib.intake.imports import ChosenFile, Progress
from lib.intake.tables.columns import ColumnMapping
from lib.models import Person
from lib.store.idempotency import new_token
from lib.ui import (
    html,
    import_history,
    import_job,
    import_mapping,
    import_report,
    lossless_widgets,
    practice_switch,
    session,
)
from lib.ui.charge_mismatches import charge_review
from lib.ui.import_job import Job, Waiting
from lib.ui.session_state import Kept, KeptOrNew

FORMATS = (
    "Claims (X12 837P) become charges. Denials (835), claim acknowledgments (277CA), requests for "
    "documents (277 RFAI, FHIR) and tables of tasks (CSV, Excel) become tasks. Receipts (999, TA1, "
    "824) say what became of a batch."
)
SIZES = (
    f"Files: X12 up to {st.get_option('server.maxUploadSize')} MB each, tables and FHIR up to "
    f"{READ_WHOLE // 1_000_000} MB"
)

FORM = KeptOrNew("import_form", new_token)  # names the uploader: another name is an empty one
# What the reports on the chosen files depend on, and the reports.
PREVIEWS = Kept[tuple[object, list[ImportReport]]]("previews")
SOON = 0.5  # seconds after which a preview says what it waits for
JOB = Kept[Job]("import_job")
IMPORTED = Kept[list[ImportReport]]("imported")
WERE_CHOSEN = Kept[bool]("import_chosen")  # whether the last run had files


def practice(actor: Person) -> int | None:
    """Return the practice the files are for, None as long as nobody has chosen one of several."""
    if not may_anywhere(actor, Verb.IMPORT):
        st.info("Files are imported by the billing manager and the biller.")
        st.stop()
    here = practice_switch.choose(actor, width=320, label="visible")
    allowed = may_anywhere(here, Verb.IMPORT)
    if len(here.memberships) == 1 and not allowed:
        st.info("Files of this practice are imported by its billing manager and its biller.")
        st.stop()
    if len(here.memberships) == 1:
        return allowed[0]
    st.info("Choose the practice the files are for.")
    return None


def plan_of(file: UploadedFile, practice_id: int, actor: Person) -> ColumnMapping | None:
    """Return the mapping of a table on the screen; None for other files."""
    return import_mapping.choose(
        file.name,
        file.getvalue(),
        practice_id=practice_id,
        actor=actor,
        key=import_mapping.key_of(file.file_id),
    )


def choice(plan: ColumnMapping | None) -> TableOptions | None:
    """Return the options for reading a table by the mapping on the screen."""
    return TableOptions(plan.sheet, Chosen(plan)) if plan else None


def look(
    chosen: list[UploadedFile], plans: list[ColumnMapping | None], practice_id: int, actor: Person
) -> list[ImportReport]:
    """Return what each file would bring if all of them were imported. They are read once, until a
    mapping or the store changes."""
    con = session.connection()
    files = tuple(zip((file.file_id for file in chosen), plans, strict=True))
    state = (practice_id, con.store.revision, files)
    read = PREVIEWS.get()
    if read and read[0] == state:
        return read[1]
    bar = st.empty()
    if doing := con.store.wait_for_import(SOON):
        bar.progress(0.0, f"Waiting for {session.escape_markdown(doing)} to be written")

    def watch(place: int, progress: Progress) -> None:
        share = progress.done / progress.size if progress.size else 0
        name = session.escape_markdown(chosen[place].name)
        said = f"Reading {name} ({place + 1} of {len(chosen)})"
        bar.progress((place + min(share, 1.0)) / len(chosen), said)

    reports = imports.preview_all(
        con,
        [
            ChosenFile(file.name, file.getvalue(), choice(plan))
            for file, plan in zip(chosen, plans, strict=True)
        ],
        actor=actor, practice_id=practice_id, watch=watch, now=session.now(),
    )  # fmt: skip
    PREVIEWS.put((state, reports))
    bar.empty()
    return reports


def starter(
    chosen: list[UploadedFile], plans: list[ColumnMapping | None], reports: list[ImportReport],
    practice_id: int,
) -> lossless_widgets.Verb:  # fmt: skip
    """Return the verb that begins the import of what is drawn. Whoever leaves the page meanwhile
    sees how far it is when they come back."""
    keys = [import_mapping.key_of(file.file_id) for file in chosen]
    drawn = {key: import_mapping.drawn(key) for key in keys}

    def start(now: Person) -> str:
        for key, before in drawn.items():
            import_mapping.require_as_drawn(before, key)
        waiting = [
            Waiting(file.name, file.getvalue(), choice(plan), report, is_ready(report))
            for file, plan, report in zip(chosen, plans, reports, strict=True)
        ]
        # Claims first, so that their answers find a charge at once.
        waiting.sort(key=lambda each: CLAIMS not in (each.report.format or ""))
        JOB.put(Job(waiting, actor=now, practice_id=practice_id, now=session.now()))
        return ""

    return start


def is_ready(report: ImportReport) -> bool:
    """Return True if the file would come in."""
    return not (report.refused or report.already_imported)


def finish(job: Job) -> None:
    """Keep what became of each file for the page to show, once the job has ended."""
    JOB.take()
    if job.problem:
        raise job.problem
    IMPORTED.put(job.reports)
    came = sum(map(is_ready, job.reports))
    said = f"{us_formats.plural(came, 'file')} imported." if came else "No file was imported."
    session.toasts().append(("success" if came else "error", said))
    start_again()


def start_again() -> None:
    """Show an empty form; the files of the last one are forgotten."""
    FORM.take()
    PREVIEWS.take()
    session.forget_files()
    WERE_CHOSEN.put(True)  # nothing is lost with these
    st.rerun()


def say_what_was_lost(chosen: list[UploadedFile]) -> None:
    """Say that files chosen before a server restart or a reload are gone; the address remembers
    that there were some."""
    was_chosen = WERE_CHOSEN.get()
    WERE_CHOSEN.put(bool(chosen))
    if chosen:
        st.query_params["chosen"] = "1"
    elif "chosen" in st.query_params:
        if was_chosen:  # removed by the person
            del st.query_params["chosen"]
        else:
            st.warning(
                "The files chosen before were not imported: the server restarted or the page was "
                "loaded anew. Choose them again."
            )


actor = session.person()
st.html(html.window("Import", FORMATS))
if job := JOB.get():
    if job.is_running:
        import_job.show(job)
        st.stop()
    finish(job)
import_history.say_what_ended_with_the_app(actor)
practice_id = practice(actor)
if practice_id is None:
    import_history.show(actor)
    st.stop()
key = FORM.ensure()
chosen = st.file_uploader(SIZES, accept_multiple_files=True, key=f"files_{key}")
say_what_was_lost(chosen)
if chosen:
    summary = st.container()
    try:
        plans = [plan_of(file, practice_id, actor) for file in chosen]
        with summary:
            reports = look(chosen, plans, practice_id, actor)
            import_report.table(reports, is_done=False)
            count = sum(map(is_ready, reports))
            with st.container(horizontal=True, gap="xsmall"):
                label = f"Import {us_formats.plural(count, 'file')}"
                lossless_widgets.button(
                    label, starter(chosen, plans, reports, practice_id), key=f"import_{key}",
                    actor=actor, type="primary", disabled=not count,
                )  # fmt: skip
                if st.button("Clear"):
                    start_again()
            import_report.remarks(reports, is_done=False)
    except BillingError as problem:
        st.error(session.escape_markdown(str(problem)))
        st.stop()
else:
    if imported := IMPORTED.get():
        import_report.table(imported, is_done=True)
        import_report.remarks(imported, is_done=True)
    charge_review(actor, practice_id)
    import_history.show(actor)
