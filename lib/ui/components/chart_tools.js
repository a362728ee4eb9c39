// The chart above as an SVG file, and its bars by keyboard: Tab comes to a chart, the arrows go from
// bar to bar, Enter opens the tasks of one. Streamlit draws the chart, so this looks for it again
// each time it is drawn anew.
const BAR = '[aria-roledescription="bar"]'
const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }

function reach(root) {
  const bars = [...root.querySelectorAll(BAR)]
  if (!bars.length || bars.some((bar) => bar.getAttribute("tabindex") === "0")) return
  for (const bar of bars) bar.setAttribute("tabindex", bar === bars[0] ? "0" : "-1")
}

function move(event) {
  const bar = event.target.closest?.(BAR)
  if (!bar) return
  if (event.key === "Enter" || event.key === " ") {
    event.preventDefault()
    const at = bar.getBoundingClientRect()
    const where = { clientX: at.x + at.width / 2, clientY: at.y + at.height / 2, bubbles: true }
    for (const kind of ["mouseover", "mousedown", "mouseup", "click"]) {
      bar.dispatchEvent(new MouseEvent(kind, { ...where, view: window }))
    }
  }
  const step = STEPS[event.key]
  if (!step) return
  event.preventDefault()
  const bars = [...bar.ownerSVGElement.querySelectorAll(BAR)]
  const next = bars[bars.indexOf(bar) + step]
  if (!next) return
  bar.setAttribute("tabindex", "-1")
  next.setAttribute("tabindex", "0")
  next.focus()
}

function download(chart, name) {
  const drawn = chart()?.querySelector("svg.marks")
  if (!drawn) return
  const copy = drawn.cloneNode(true)
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg")
  copy.style.background = getComputedStyle(document.body).backgroundColor
  const file = new Blob([new XMLSerializer().serializeToString(copy)], { type: "image/svg+xml" })
  const link = document.createElement("a")
  link.href = URL.createObjectURL(file)
  link.download = `${name}.svg`
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 1000)
}

// Streamlit leads to the list by way of this page's address with the list's parameters in it, and Back
// comes to that one: what it says of a bar is no part of the report.
const drawn = new WeakSet()
function tidy(place, strays) {
  if (drawn.has(place)) return
  drawn.add(place)
  const address = new URL(location.href)
  const found = strays.filter((key) => address.searchParams.has(key))
  if (!found.length) return
  for (const key of found) address.searchParams.delete(key)
  history.replaceState(history.state, "", address)
}

export default function (component) {
  const { data, parentElement } = component
  tidy(parentElement, data.strays)
  const chart = () => document.querySelector(`.st-key-${CSS.escape(data.chart)}`)
  parentElement.querySelector("button").onclick = () => download(chart, data.name)
  const look = () => {
    const root = chart()
    if (root) reach(root)
  }
  look()
  let isWaiting = false
  const watch = new MutationObserver(() => {
    if (isWaiting) return
    isWaiting = true
    requestAnimationFrame(() => {
      isWaiting = false
      look()
    })
  })
  watch.observe(document.body, { childList: true, subtree: true })
  if (!window.billingChartKeys) {
    window.billingChartKeys = true
    document.addEventListener("keydown", move)
  }
  return () => watch.disconnect()
}
