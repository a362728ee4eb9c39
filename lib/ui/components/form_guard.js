// Sends what is typed while the cursor is still in the field, and marks fields in error. Streamlit
// sends a field when it is left, so the field is made to think so; its cursor stays.
const PAUSE = 350 // milliseconds without a key
const FORMS =
  ".st-key-edit_body, .st-key-details_box, .st-key-window_note, .st-key-find_own, .st-key-new_task"
const FIELDS = "textarea, input[type=text], input:not([type])"

const LATELY = 3000 // milliseconds within which what a field says may not have left the browser

let timer
let typedIn
const typed = new Map() // field -> when somebody typed into it last

function send() {
  clearTimeout(timer)
  const field = typedIn
  typedIn = undefined
  if (field?.isConnected) field.dispatchEvent(new FocusEvent("focusout", { bubbles: true }))
}

function hear(event) {
  const field = event.target
  if (!field.matches?.(FIELDS) || !field.closest(FORMS)) return
  clearTimeout(timer)
  typedIn = field
  for (const old of typed.keys()) if (!old.isConnected) typed.delete(old)
  typed.set(field, performance.now())
  timer = setTimeout(send, PAUSE)
}

// As a page is left, Streamlit's own message may be late or lost on its way; the browser delivers a
// beacon even if the page is gone. What is told twice is the same text.
function leave() {
  send()
  const said = {}
  for (const [field, at] of typed) {
    const key = /\bst-key-(\w+)/.exec(field.closest("[class*=st-key-]")?.className)?.[1]
    if (key && field.isConnected && performance.now() - at < LATELY) said[key] = field.value
  }
  typed.clear()
  tellLast(said)
}

function tellLast(said) {
  if (!Object.keys(said).length) return
  navigator.sendBeacon("/typed", JSON.stringify({ session: window.billingTyping.session, said }))
}

// A press by key or by a program leaves no field first: send the text, then press, in that order.
const presses = []
let isPressing = false

function goFirst(event) {
  const target = event.target.closest?.("button, a")
  if (!target || isPressing || !(presses.length || typedIn?.isConnected)) return
  event.preventDefault()
  event.stopImmediatePropagation()
  send()
  if (presses.push(target) === 1) setTimeout(press)
}

function press() {
  isPressing = true
  try {
    for (const target of presses.splice(0)) target.click()
  } finally {
    isPressing = false
  }
}

if (!window.billingTyping) {
  window.billingTyping = { tellLast }
  document.addEventListener("input", hear)
  // Send what was typed before a click elsewhere leaves or redraws the page.
  document.addEventListener("pointerdown", send, true)
  document.addEventListener("click", goFirst, true)
  window.addEventListener("beforeunload", leave)
  window.addEventListener("pagehide", leave)
  // A field can be there, and typed in, before this script is.
  const at = document.activeElement
  if (at?.matches?.(FIELDS) && at.closest(FORMS) && at.value) hear({ target: at })
}

// The fields redraw themselves and lose the classes that were set on them.
const marks = new Map() // field key -> whether it is wrong now

function mark() {
  for (const [name, isWrong] of [["bt-wrong", true], ["bt-since", false]]) {
    for (const old of document.querySelectorAll(`.${name}`)) {
      if ([...old.classList].some((one) => marks.get(one) === isWrong)) continue
      old.classList.remove(name)
      if (isWrong) old.querySelector("input")?.removeAttribute("aria-invalid")
    }
  }
  for (const [key, isWrong] of marks) {
    const field = document.querySelector(`.${CSS.escape(key)}`)
    const name = isWrong ? "bt-wrong" : "bt-since"
    if (field && !field.classList.contains(name)) field.classList.add(name) // and wake no observer
    const input = isWrong && field?.querySelector("input")
    if (input && input.getAttribute("aria-invalid") !== "true") input.setAttribute("aria-invalid", "true")
  }
}

export default function (component) {
  const { data } = component
  window.billingTyping.session = data.session
  if (data.task) document.documentElement.dataset.panel = data.task // the panel is whole
  marks.clear()
  for (const key of data.known) marks.set(`st-key-${key}`, false)
  for (const key of data.wrong) marks.set(`st-key-${key}`, true)
  mark()
  const watch = new MutationObserver(mark)
  const root = document.querySelector(".stMain") ?? document.body
  if (marks.size) {
    watch.observe(root, { subtree: true, childList: true, attributeFilter: ["aria-invalid", "class"] })
  }
  return () => watch.disconnect()
}
