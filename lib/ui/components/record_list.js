// A list of records: a real table, one row a record, driven by mouse or keyboard.
// Every text arrives as data and is set as textContent, never as HTML.
const TYPED = // where a letter is text, or closes something
  "textarea, select, input:not([type=checkbox], [type=radio]), [role=dialog], dialog, [role=listbox], [role=menu]"
const SCROLLBAR = 16 // pixels
const make = (tag, className, text) => {
  const element = document.createElement(tag)
  if (className) element.className = className
  if (text !== undefined) element.textContent = text
  return element
}

export default function (component) {
  const { data, parentElement, setTriggerValue } = component
  const root = parentElement.querySelector(".record-list")
  const send = (action) =>
    setTriggerValue("action", { ...action, search: location.search, at: Date.now() })
  root.send = send
  const table = root.querySelector("table")
  const scroller = root.querySelector(".scroller")
  const focused = root.getRootNode().activeElement
  const focusedRecord = focused?.dataset?.record
  const focusedButton = focused?.dataset?.button
  const before = root.dataset.view

  table.setAttribute("aria-label", data.label)
  // Keep an unchanged heading: replacing it would lose a press that has begun.
  const head = JSON.stringify([data.columns, data.order, data.descending])
  if (root.head !== head) {
    table.tHead.replaceChildren(heading(data, root))
    root.getRootNode().querySelector("style.widths").textContent = giveWay(data.columns)
    root.head = head
  }
  const choosing = (record) => {
    if (data.label === "Tasks") document.documentElement.dataset.task = record ?? ""
  }
  choosing(data.selected)
  const rows = data.rows.map((row) => line(row, data))
  table.tBodies[0].replaceChildren(...rows)
  root.querySelector(".empty").textContent = data.rows.length ? "" : data.empty
  foot(root.querySelector(".foot"), data, send)

  root.getRootNode().host?.closest("[class*='st-key-']")?.setAttribute("data-drawn", "")
  if (data.address !== undefined && data.address !== null) goTo(data.address)
  if (before === undefined) root.wanted = whereItStood(data).top
  else if (before !== data.view) scroller.scrollTop = 0
  root.dataset.view = data.view
  scroller.onscroll = () => stand(data, { top: scroller.scrollTop })
  const stood = before === undefined || before === data.view ? whereItStood(data).at : 0
  const of = (record) => record && rows.find((row) => row.dataset.record === String(record))
  const current =
    of(focusedRecord) || of(data.selected) || rows[Math.min(stood ?? 0, rows.length - 1)]
  if (current) current.tabIndex = 0
  if (focusedRecord) current?.focus({ preventScroll: true })
  // A heading or a page that was pressed by key is drawn anew: the same one has the cursor again.
  if (focusedButton && !focused.isConnected) {
    const same = root.querySelector(`[data-button="${CSS.escape(focusedButton)}"]:enabled`)
    ;(same ?? root.querySelector(".pager .current") ?? current)?.focus({ preventScroll: true })
  }

  const choose = (record) => {
    for (const [at, row] of [...table.tBodies[0].rows].entries()) {
      const isIt = row.dataset.record === record
      if (isIt) stand(data, { at })
      row.setAttribute("aria-selected", String(isIt))
      row.tabIndex = isIt ? 0 : -1
    }
    choosing(record)
    send({ kind: "open", record: Number(record) })
  }
  table.tBodies[0].onclick = (event) => {
    const row = event.target.closest("tr")
    if (row) choose(row.dataset.record)
  }
  // What is cut off is read in full by whoever points at it.
  table.tBodies[0].onpointerover = (event) => {
    const cell = event.target.closest("td")
    if (cell && !cell.title && cell.scrollWidth > cell.clientWidth) cell.title = cell.textContent
  }
  // Pressing a row right after typing into the search redraws the list during the press. A row
  // that is gone gets no click, so the row that was pressed counts.
  table.tBodies[0].onpointerdown = (event) => {
    root.pressed = event.button ? null : event.target.closest("tr")
  }
  listen(root, "pointerup", () => {
    if (root.pressed && !root.pressed.isConnected) choose(root.pressed.dataset.record)
    root.pressed = null
  })
  table.tBodies[0].onkeydown = (event) => {
    const row = event.target.closest("tr")
    if (!row) return
    const all = [...table.tBodies[0].rows]
    const place = all.indexOf(row)
    const target = {
      ArrowDown: all[place + 1], ArrowUp: all[place - 1], Home: all[0], End: all[all.length - 1],
      j: all[place + 1], k: all[place - 1],
      PageDown: all[Math.min(place + 10, all.length - 1)], PageUp: all[Math.max(place - 10, 0)],
    }[event.key]
    if (event.ctrlKey || event.metaKey || event.altKey) return
    if (target) {
      event.preventDefault()
      goToRow(target)
    } else if (event.key === "Enter" || event.key === " ") {
      event.preventDefault()
      choose(row.dataset.record)
    }
  }

  // The keys of the list, from anywhere outside a field.
  const goToRow = (row) => {
    for (const other of table.tBodies[0].rows) other.tabIndex = other === row ? 0 : -1
    stand(data, { at: row.sectionRowIndex })
    row.focus()
    row.scrollIntoView({ block: "nearest" })
  }
  const next = () => table.querySelector("tr[tabindex='0']") ?? table.tBodies[0].rows[0]
  listen(root, "keydown", (event) => {
    const at = event.composedPath()[0]
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return
    if (at.closest?.(TYPED) || document.querySelector("[role=dialog], [role=menu]")) return
    const chosen = table.querySelector("tr[aria-selected=true]")
    const isFree = at === document.body || at.getRootNode() === root.getRootNode()
    if (event.key === "Escape" && chosen) {
      for (const other of table.tBodies[0].rows) other.setAttribute("aria-selected", "false")
      choosing()
      send({ kind: "close" })
      goToRow(chosen)
    } else if (/^[jk]$/.test(event.key) || (isFree && /^Arrow(Down|Up)$/.test(event.key))) {
      const row = next()
      if (!row) return
      event.preventDefault()
      goToRow(row)
    } else if (/^[np]$/.test(event.key)) {
      const row = event.key === "p" ? chosen?.previousElementSibling : chosen ? chosen.nextElementSibling : next()
      if (!row) return
      event.preventDefault()
      goToRow(row)
      choose(row.dataset.record)
    }
  })
  const standAgain = () => {
    root.fit?.()
    if (root.wanted) scroller.scrollTop = root.wanted // once it has its full height
    root.wanted = 0
  }
  const isInView = (row) => {
    const [at, room] = [row, scroller].map((one) => one?.getBoundingClientRect())
    return at && at.top >= room.top + table.tHead.offsetHeight - 1 && at.bottom <= room.bottom + 1
  }
  // Whoever comes back finds the list as it stood: of the rows in view, one gets the cursor.
  listen(root, "bt-focus-list", (event) => {
    standAgain()
    const wanted = table.querySelector("tr[aria-selected=true]") ?? next()
    const row = isInView(wanted) ? wanted : [...table.tBodies[0].rows].find(isInView) ?? wanted
    if (!row) return
    event.preventDefault()
    goToRow(row)
  })
  if (!root.fit) {
    root.fit = () => fit(root, scroller)
    window.addEventListener("resize", root.fit)
    root.watch = new ResizeObserver(root.fit)
    root.watch.observe(document.querySelector(".stMainBlockContainer") ?? document.body)
    root.watch.observe(root.parentElement ?? root) // the panel beside it came or went
  }
  requestAnimationFrame(standAgain)
  return () => {
    for (const kind of Object.keys(root.heard)) document.removeEventListener(kind, root.heard[kind])
    window.removeEventListener("resize", root.fit)
    root.watch.disconnect()
    root.fit = undefined
  }
}

// One listener of each kind on the whole page, replacing the previous one.
function listen(root, kind, hear) {
  root.heard ??= {}
  document.removeEventListener(kind, root.heard[kind])
  root.heard[kind] = hear
  document.addEventListener(kind, hear)
}

// Coming back to a view restores its scroll position. Kept for this tab, as the view's hash and the
// position alone.
const place = (data) => `bt-place-${data.label}`
function stand(data, change) {
  sessionStorage.setItem(
    place(data), JSON.stringify({ ...whereItStood(data), ...change, view: hash(data.view) }))
}
function whereItStood(data) {
  const stood = JSON.parse(sessionStorage.getItem(place(data)) ?? "null")
  return stood?.view === hash(data.view) ? stood : { top: 0, at: 0 }
}
// Search words may be a patient's name, so the browser does not store them.
function hash(text) {
  let value = 0
  for (const sign of text) value = (Math.imul(value, 31) + sign.codePointAt(0)) | 0
  return value
}

// Each view of the list is a step of the browser's history.
function goTo(address) {
  const said = (query) => new URLSearchParams(query).toString()
  if (said(address) !== said(location.search)) {
    history.pushState({}, "", location.pathname + (address === "?" ? "" : address))
  }
}

// Columns give way where there is no room for what all of them need, the highest `gives_way` first.
// Said as rules, so that the browser lays out a list of another width once, without our help.
function giveWay(columns) {
  const shown = [...columns].sort((one, other) => one.gives_way - other.gives_way)
  const rules = [widths(shown)]
  while (shown.at(-1)?.gives_way) {
    const needed = needs(shown)
    const { name } = shown.pop()
    rules.push(`@container (width < ${needed}px) { table .${name} { display: none } ${widths(shown)} }`)
  }
  return rules.join("\n")
}

function needs(columns) {
  return columns.reduce((sum, column) => sum + column.needs, 0)
}

// What room there is goes to the columns whose width is a share.
function widths(columns) {
  const share = (column) => (column.width.endsWith("%") ? Number.parseFloat(column.width) : 0)
  const shares = columns.reduce((sum, column) => sum + share(column), 0)
  const room = `max(0px, 100cqw - ${needs(columns) + SCROLLBAR}px)`
  return columns
    .map((column) => {
      const part = share(column) ? ` + ${room} * ${share(column) / shares}` : ""
      return `th.${column.name} { width: calc(${column.needs}px${part}) }`
    })
    .join(" ")
}

// The list ends at the bottom of the window, however many rows the filters take; so does the panel.
// Everything is measured before anything is set: the browser lays the page out once, not twice.
function fit(root, scroller) {
  const { top, height } = scroller.getBoundingClientRect()
  const beside = root.offsetHeight - height
  const room = Math.max(window.innerHeight - top - 54, 260)
  const fitting = `${room}px`
  if (scroller.style.height !== fitting) scroller.style.height = fitting
  const whole = `${Math.round(room + beside)}px`
  const { style } = document.documentElement
  if (style.getPropertyValue("--bt-list-height") !== whole) style.setProperty("--bt-list-height", whole)
}

function heading(data, root) {
  const row = make("tr")
  for (const { name, label } of data.columns) {
    const cell = make("th", name)
    cell.scope = "col"
    if (!data.order) {
      cell.append(make("span", "", label))
      row.append(cell)
      continue
    }
    const button = make("button", "", label)
    button.type = "button"
    button.dataset.button = name
    const isSorted = data.order === name
    cell.setAttribute("aria-sort", isSorted ? (data.descending ? "descending" : "ascending") : "none")
    if (isSorted) button.append(make("span", "arrow", data.descending ? "▾" : "▴"))
    button.onclick = () =>
      root.send({ kind: "sort", order: name, descending: isSorted ? !data.descending : name === "amount" })
    cell.append(button)
    row.append(cell)
  }
  return row
}

function line(row, data) {
  const element = make("tr")
  element.dataset.record = row.id
  element.tabIndex = -1
  element.setAttribute("aria-selected", String(row.id === data.selected))
  for (const { name } of data.columns) {
    const cell = make("td", name)
    if (name === "status") cell.append(make("span", `badge ${row.state}`, row.status))
    else cell.textContent = row[name]
    if (name === "due" && row.late) cell.classList.add("late")
    element.append(cell)
  }
  return element
}

function foot(element, data, send) {
  element.replaceChildren()
  const total = make("div", "total")
  total.append(make("strong", "", data.count), make("span", "", data.countWord))
  if (data.amount) total.append(make("strong", "", data.amount))
  const pager = make("nav", "pager")
  pager.setAttribute("aria-label", "Pages of the list")
  const button = (label, page, name) => {
    const one = make("button", page === data.page && !name ? "current" : "", label)
    one.type = "button"
    one.setAttribute("aria-label", name || `Page ${page}`)
    one.dataset.button = name || `Page ${page}`
    if (page === data.page && !name) one.setAttribute("aria-current", "page")
    one.disabled = page < 1 || page > data.pages
    one.onclick = () => send({ kind: "page", page })
    pager.append(one)
  }
  if (data.pages > 1) {
    button("‹", data.page - 1, "Previous page")
    let last = 0
    const near = [1, ...[-2, -1, 0, 1, 2].map((step) => data.page + step), data.pages]
    for (const page of [...new Set(near)].sort((a, b) => a - b)) {
      if (page < 1 || page > data.pages) continue
      if (page - last > 1) pager.append(make("span", "gap", "…"))
      button(page.toLocaleString("en-US"), page)
      last = page
    }
    button("›", data.page + 1, "Next page")
  }
  element.append(total, make("div", "range", data.range), pager)
  if (data.paper) {
    const link = make("a", "paper", "Print")
    link.href = data.paper
    link.target = "_blank"
    link.rel = "noopener"
    element.append(link)
  }
}
