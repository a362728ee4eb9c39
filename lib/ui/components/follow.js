// Asks every few seconds whether somebody changed what the page shows, and has it drawn anew: not
// while somebody types, presses or chooses, and never under a form in which something is typed.
const OFTEN = 3000 // milliseconds between two questions
const STILL = 1500 // without a key, until something on the page may move
const AGAIN = 300 // until a page that may not move is looked at again
const OPEN = "[role=dialog], [role=listbox], [role=menu], [data-baseweb=popover]"
const SUMMARY = "details[class^=bt-] > summary"
const FIELDS = "textarea, input[type=text], input[type=search], input:not([type])"

window.billingFollow ??= { parts: new Map(), typed: 0, isDown: false }
const page = window.billingFollow
let asking
let drawing

function isBusy() {
  return (
    page.isDown || Date.now() - page.typed < STILL || document.querySelector(OPEN) ||
    document.querySelector("[data-testid=stApp][data-test-script-state=running]")
  )
}

// A form: something is typed there, its cursor is there, or some of its text is marked.
function isForm(part) {
  const box = part.root.getRootNode().host?.closest(".st-key-details_box, .stMain") ?? document.body
  const focused = document.activeElement
  const marked = getSelection()
  return (
    part.data.isForm ||
    (box.contains(focused) && (focused.matches(FIELDS) || focused.shadowRoot?.activeElement?.matches(FIELDS))) ||
    [...box.querySelectorAll("textarea")].some((field) => field.value && !field.disabled) ||
    (!marked.isCollapsed && box.contains(marked.anchorNode))
  )
}

function isNew({ data }, news) {
  if (data.task === null) return news.latest > data.seen
  return news.of === data.task && news.task > data.seen // the answer may be about the row before
}

function hear(news) {
  clearTimeout(drawing)
  const parts = [...page.parts.values()].filter((part) => part.root.isConnected && isNew(part, news))
  const forms = parts.filter((part) => part.data.task !== null && isForm(part))
  for (const part of forms) part.say(news.sentence)
  const others = parts.filter((part) => !forms.includes(part))
  if (!others.length) return
  if (isBusy()) drawing = setTimeout(hear, AGAIN, news)
  else others[0].show(others.flatMap((part) => part.data.fragments))
}

// What somebody opened or closed, such as the history of a task, stays so where it is drawn anew.
const folded = new Map()
let pressed // a summary, and the name of what it opens

function nameOf(details) {
  const task = new URLSearchParams(location.search).get("task")
  const words = details.querySelector("summary").textContent.replace(/ \(.*/, "") // without the count
  return `${location.pathname} ${task} ${details.className} ${words}`
}

function turn(details) {
  if (details) folded.set(nameOf(details), !details.open)
}

function fold() {
  for (const details of document.querySelectorAll("details[class^=bt-]")) {
    const isOpen = folded.get(nameOf(details))
    if (isOpen !== undefined && details.open !== isOpen) details.open = isOpen
  }
}

function release() {
  if (!pressed || pressed.summary.isConnected) return // the browser sees to it
  const same = [...document.querySelectorAll("details")].find((one) => nameOf(one) === pressed.name)
  turn(same)
  if (same) same.open = !same.open
}

async function ask() {
  clearTimeout(asking)
  asking = setTimeout(ask, OFTEN)
  if (document.hidden || !page.parts.size) return
  const query = new URLSearchParams()
  for (const { data } of page.parts.values()) {
    if (data.task !== null) {
      query.set("task", data.task)
      query.set("seen", data.seen)
    }
  }
  try {
    const answer = await fetch(`/news?${query}`)
    if (answer.status === 200) hear(await answer.json())
  } catch {
    // the server is away: Streamlit's own frontend says so
  }
}

if (!page.isAsking) {
  page.isAsking = true
  for (const kind of ["keydown", "input"]) {
    document.addEventListener(kind, () => (page.typed = Date.now()), true)
  }
  document.addEventListener(
    "pointerdown",
    (event) => {
      page.isDown = true
      const summary = event.target.closest?.(SUMMARY)
      pressed = summary && { summary, name: nameOf(summary.parentElement) }
    },
    true,
  )
  for (const kind of ["pointerup", "pointercancel"]) {
    document.addEventListener(
      kind,
      () => {
        page.isDown = false
        if (kind === "pointerup") release()
        pressed = undefined
      },
      true,
    )
  }
  document.addEventListener("click", (event) => turn(event.target.closest?.(SUMMARY)?.parentElement), true)
  new MutationObserver(fold).observe(document.body, { subtree: true, childList: true })
  document.addEventListener("visibilitychange", ask)
  asking = setTimeout(ask, OFTEN)
}

export default function (component) {
  const { data, parentElement, setTriggerValue } = component
  const root = parentElement.querySelector(".follow")
  const name = data.fragments.join(" ")
  const part = {
    data,
    root,
    show: (fragments) => setTriggerValue("news", { fragments, at: Date.now() }),
    say: (sentence) => {
      const line = root.querySelector("span")
      if (line.textContent !== sentence) line.textContent = sentence
      root.hidden = false
    },
  }
  root.hidden = true
  root.classList.toggle("over-the-line-above", data.fragments[0] === "window")
  root.querySelector("button").onclick = () => part.show(data.fragments)
  page.parts.set(name, part)
  return () => {
    if (page.parts.get(name) === part) page.parts.delete(name)
  }
}
