// The keys of every page, the list of them, and the cursor: where it goes when what had it is gone.
const FIELDS = "textarea, select, [contenteditable], input:not([type=checkbox], [type=radio], [type=file])"
const OPEN = "[role=dialog], dialog, [role=listbox], [role=menu], [role=option], [role=menuitem]"
const REACHABLE =
  "a[href], button, input, select, textarea, summary, [tabindex]:not([tabindex='-1'])"
const DRAWN = 250 // milliseconds until the page begins to draw what a press led to
const MENU = 200 // milliseconds until a menu has opened
const UNSEEN = 500 // milliseconds in which nobody has read a page or task that has just come
const READ = 6000 // milliseconds in which somebody reads a sentence
const PATIENCE = 5000 // milliseconds in which a page may still be drawing what comes next

let data = { groups: [], parts: [], after: {}, arrivals: {}, first: [] }
let list // the dialog
let last // what had the cursor: the element and the keys around it, from inside out
let lost // when it was lost
let wait // the next look
let due // a key that waits for what it presses
let unsay // the end of the sentence that is shown
let there = new Set() // what was on the page at the last look
let shown // the page and the task that are shown
let shownSince = -UNSEEN

const inside = () => {
  let one = document.activeElement
  while (one?.shadowRoot?.activeElement) one = one.shadowRoot.activeElement
  return one
}
const isSeen = (one) => one.isConnected && !one.disabled && one.getClientRects().length > 0 &&
  getComputedStyle(one).visibility !== "hidden"
const parent = (one) => one.parentElement ?? one.getRootNode().host

// Everything within a part of the page that the Tab key reaches, our own components included.
function* reachable(part) {
  for (const one of part.querySelectorAll("*")) {
    if (one.matches(REACHABLE) && one.tabIndex >= 0 && isSeen(one)) yield one
    if (one.shadowRoot) yield* reachable(one.shadowRoot)
  }
}
function firstSeen(selectors) {
  for (const selector of selectors) {
    for (const one of document.querySelectorAll(selector)) if (isSeen(one)) return one
  }
}
const firstIn = (part) => (part ? reachable(part).next().value : undefined)
// A list has its own idea of which row comes next.
const toList = () => !document.dispatchEvent(new CustomEvent("bt-focus-list", { cancelable: true }))

function name(event) {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key
  const ctrl = event.ctrlKey || event.metaKey ? "Ctrl+" : ""
  return ctrl + (event.shiftKey && event.key.length > 1 ? "Shift+" : "") + key
}

function use(target) {
  if (target.matches("input, textarea")) {
    target.focus()
    target.select()
    return
  }
  inside()?.dispatchEvent(new Event("change", { bubbles: true })) // a cell tells what it holds
  target.focus({ preventScroll: true })
  target.click()
  setTimeout(enter, MENU)
}

// A menu that was opened by a key has the cursor, also where its button was redrawn meanwhile.
function enter() {
  const menu = document.querySelector("[role=menu]")
  if (menu && !menu.contains(document.activeElement)) firstIn(menu.parentElement)?.focus()
}

// Outside the windows that have a button for it, Ctrl+Enter presses the main button of the form,
// dialog or column that has the cursor.
function mainButton() {
  const has = inside()
  const around = "[role=dialog], [data-testid='stForm'], .stColumn, .stMainBlockContainer"
  for (let form = has?.closest?.(around); form; form = form.parentElement?.closest(around)) {
    const found = [...form.querySelectorAll(
      "[data-testid='stBaseButton-primary'], [data-testid='stBaseButton-primaryFormSubmit']")].find(isSeen)
    if (found) return found
  }
}

// Ctrl+S presses the button of the form that has the cursor: no form completes a task.
const formButton = () =>
  [...(inside()?.closest?.("[data-testid='stForm']")?.querySelectorAll("[data-testid='stFormSubmitButton'] button") ??
    [])].find(isSeen)

function say(sentence) {
  const line = list.parentElement.querySelector(".said")
  line.textContent = sentence
  clearTimeout(unsay)
  unsay = setTimeout(() => line.replaceChildren(), READ)
}

// Streamlit leaves out the whole of what is pasted where a field's text would become too long by it.
let held // what the field held before
function hearTyping(event) {
  held = event.composedPath()[0].value
}
function hearTyped(event) {
  const field = event.composedPath()[0]
  if (!field.closest?.("[data-testid='stTextInput'], [data-testid='stTextArea']")) return
  const [before, given] = [held, field.value]
  if (before === undefined || given.length <= before.length) return
  requestAnimationFrame(() => {
    if (!field.isConnected || field.value !== before) return
    const most = given.length.toLocaleString("en-US")
    say(`Nothing was put in: this field takes fewer than ${most} characters.`)
  })
}

// The link past the fields of a charge leads where the key for a note leads.
function skip(event) {
  if (!event.target.closest?.(".bt-skip")) return
  event.preventDefault()
  const note = data.groups.flatMap((group) => group.keys).find((key) => key.press === "q")
  firstSeen(note.targets)?.focus()
}

// A page or task that has just come is not what somebody meant who pressed a key; where a computer
// is slow, its button comes last.
function notice() {
  const task = new URLSearchParams(location.search).get("task")
  const head = document.querySelector(".st-key-window_head h1 + span")?.textContent
  const button = document.querySelector("[class*='st-key-verb_next_'], [class*='st-key-verb_done_next_']")
  const now = `${location.pathname} ${task} ${head} ${button?.className.match(/st-key-verb_\w+/)[0]}`
  if (now === shown) return
  shown = now
  shownSince = performance.now()
}

const keyOf = (event) =>
  data.groups.flatMap((group) => group.keys).find((key) => key.press === name(event))

// Before the field that has the cursor, which would take some of them for its own.
function hearFirst(event) {
  const found = (event.ctrlKey || event.metaKey) && !event.altKey && keyOf(event)
  if (!found || list.open) return
  event.preventDefault()
  notice()
  if (event.repeat) return
  if (performance.now() - shownSince < UNSEEN) return say(`${found.shown} did nothing: the page had just changed. Press it again.`)
  const dialog = event.composedPath()[0].closest?.("[role=dialog]")
  const inside = found.targets.filter((one) => one.startsWith("[role='dialog']"))
  const others = { main: mainButton, form: formButton }[found.else_presses]
  const target = firstSeen(dialog ? inside : found.targets) ?? others?.()
  if (target) use(target)
}

function hear(event) {
  if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey || event.isComposing) return
  const at = event.composedPath()[0]
  const inField = Boolean(at.closest?.(FIELDS))
  const found = keyOf(event)
  clearTimeout(due)
  if (event.key === "F6") {
    event.preventDefault()
    go(event.shiftKey ? -1 : 1)
    return
  }
  if (event.key === "Escape") return pressEscape(event, at, inField)
  if (inField || at.closest?.(OPEN) || document.querySelector("[role=dialog], [role=menu]")) return
  if (event.key === "?") {
    event.preventDefault()
    list.showModal()
    return
  }
  const isInPanel = found?.is_of_task && !data.isWindow
  if (!found || !(isInPanel ? document.documentElement.dataset.task : firstSeen(found.targets))) return
  event.preventDefault()
  if (!event.repeat) press(found, performance.now())
}

// A key for the task of the row that was just chosen waits until the panel shows that task. A window
// is its task's own.
function press(key, since) {
  clearTimeout(due)
  const isThere =
    !key.is_of_task || data.isWindow ||
    document.documentElement.dataset.panel === document.documentElement.dataset.task
  const target = isThere && firstSeen(key.targets)
  if (target) use(target)
  else if (performance.now() - since < PATIENCE / 2) due = setTimeout(press, 50, key, since)
}

// In a field, Escape leaves it for what can be done; outside one, it leaves the window.
function pressEscape(event, at, inField) {
  if (at.closest?.(OPEN) || at.getAttribute?.("aria-expanded") === "true") return
  if (document.querySelector("[role=dialog]")) return
  if (inField) {
    const bar = at.closest(".st-key-details_box") ? undefined : document.querySelector(".st-key-actions")
    const next = bar && firstIn(bar)
    next?.focus()
    if (next || toList()) event.preventDefault()
    return
  }
  const back = firstSeen([".st-key-back button"])
  if (back) back.click()
}

function go(step) {
  const parts = data.parts.map((part) => [...document.querySelectorAll(part)].find(firstIn)).filter(Boolean)
  parts.sort((one, other) => (one.compareDocumentPosition(other) & 4 ? -1 : 1))
  let has = inside()
  while (has && !parts.includes(has)) has = parent(has)
  const place = has ? parts.indexOf(has) + step : step > 0 ? 0 : parts.length - 1
  firstIn(parts[(place + parts.length) % parts.length])?.focus()
}

// The cursor is never dropped to the page: when what had it is gone, the same thing drawn anew gets
// it, or what comes after it.
function remember() {
  const one = inside()
  if (!one || one === document.body) return
  const keys = []
  for (let up = one; up; up = parent(up)) {
    for (const name of up.classList ?? []) if (name.startsWith("st-key-")) keys.push(name.slice(7))
  }
  last = { one, keys, page: location.pathname }
  lost = undefined
}

// Somebody who presses an empty place wants the cursor nowhere.
function leave() {
  setTimeout(() => {
    if (last && document.activeElement === document.body && isSeen(last.one)) last = undefined
  }, 400)
}

function look() {
  if (!last || document.activeElement !== document.body || isSeen(last.one)) return
  const now = performance.now()
  lost ??= now
  const isStill = document.querySelector("[data-test-script-state='notRunning']")
  const next = isStill && now - lost > DRAWN ? heir() : again()
  if (next === true) return
  if (next) next.focus()
  else if (now - lost > PATIENCE) last = undefined
  else if (wait === undefined) wait = setTimeout(lookAgain, 80)
}
function lookAgain() {
  wait = undefined
  look()
}

const again = () => {
  const same = last.keys[0] && document.querySelector(`.${CSS.escape(`st-key-${last.keys[0]}`)}`)
  const is = last.one.tagName
  return same ? [...reachable(same)].find((one) => one.tagName === is) : undefined
}

function heir() {
  const found = again()
  if (found) return found
  for (const key of last.keys) {
    const rule = Object.keys(data.after).find((start) => key.startsWith(start))
    const after = rule && firstSeen(data.after[rule])
    if (after) return after
  }
  if (location.pathname !== last.page) {
    const first = firstSeen(data.first)
    if (first) return first
  }
  for (const key of last.keys) {
    const part = document.querySelector(`.${CSS.escape(`st-key-${key}`)}`)
    const one = part && !["list_box", "work", "who"].includes(key) && firstIn(part)
    if (one) return one
  }
  return toList() || firstSeen(data.first)
}

// What appears because of a press takes the cursor to what comes next, unless somebody types.
function greet() {
  const now = new Set(Object.keys(data.arrivals).filter((one) => firstSeen([one])))
  for (const one of now) {
    if (!there.has(one) && !inside()?.matches?.(FIELDS)) firstSeen(data.arrivals[one])?.focus()
  }
  there = now
}

function draw(parentElement) {
  list = parentElement.querySelector("dialog")
  parentElement.querySelector(".open").onclick = () => list.showModal()
  list.onclick = (event) => event.target === list && list.close()
  list.querySelector(".groups").replaceChildren(
    ...data.groups.map((group) => {
      const section = document.createElement("section")
      const head = document.createElement("h3")
      head.textContent = group.place
      const keys = document.createElement("dl")
      for (const key of group.keys) {
        const [shown, says] = [document.createElement("dt"), document.createElement("dd")]
        shown.textContent = key.shown
        says.textContent = key.says
        keys.append(shown, says)
      }
      section.append(head, keys)
      return section
    }),
  )
}

const PAINTED = '[data-testid="stDataFrame"], [data-testid="stVegaLiteChart"]'
// The pixels between the margins of a US Letter sheet, upright and across; A4 across has more.
const [UPRIGHT, ACROSS] = [725, 965]
const LEAST = 0.9 // of its size, that a page is printed in on an upright sheet

// Tables and charts are painted for the screen, its colors and its width: paper is told both. A page
// with one that is too wide for an upright sheet is printed across, as wide as it is on the screen and
// as much smaller as that is wider than the sheet. No other page gets wider than what it has painted.
function sayScreen() {
  const root = document.documentElement
  const scheme = getComputedStyle(document.querySelector(".stApp")).colorScheme
  root.classList.toggle("bt-of-dark-screen", scheme === "dark")
  const widest = Math.max(0, ...[...document.querySelectorAll(PAINTED)].map((one) => one.offsetWidth))
  const isWide = widest * LEAST > UPRIGHT
  root.classList.toggle("bt-of-wide-screen", isWide)
  const page = document.querySelector(".stMainBlockContainer")
  const { paddingLeft, paddingRight } = getComputedStyle(page)
  const content = page.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight)
  const width = Math.max(widest, isWide ? content : UPRIGHT)
  root.style.setProperty("--bt-on-screen", `${width}px`)
  root.style.setProperty("--bt-on-paper", Math.min(1, (isWide ? ACROSS : UPRIGHT) / width))
}

export default function (component) {
  data = component.data
  document.documentElement.classList.toggle("bt-in-window", data.isWindow)
  draw(component.parentElement)
  if (window.billingKeys) return
  window.billingKeys = true
  document.addEventListener("keydown", hearFirst, true)
  document.addEventListener("keydown", hear)
  document.addEventListener("beforeinput", hearTyping, true)
  document.addEventListener("input", hearTyped, true)
  document.addEventListener("click", skip)
  document.addEventListener("focusin", remember)
  document.addEventListener("focusout", leave)
  window.addEventListener("beforeprint", sayScreen)
  let isDue = false
  const watch = new MutationObserver(() => {
    notice()
    if (last && document.activeElement === document.body) look()
    if (isDue) return
    isDue = true
    requestAnimationFrame(() => {
      isDue = false
      greet()
    })
  })
  watch.observe(document.body, { subtree: true, childList: true, attributeFilter: ["disabled"] })
}
