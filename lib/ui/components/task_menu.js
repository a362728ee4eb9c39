// The left menu: one entry a view of the queue, with its count.
export default function (component) {
  const { data, parentElement, setTriggerValue } = component
  const list = parentElement.querySelector("nav")
  // Keep unchanged entries: replacing them would lose a press that has begun.
  for (const [place, entry] of data.entries.entries()) {
    let button = list.children[place]
    if (!button) {
      button = document.createElement("button")
      button.type = "button"
      const count = document.createElement("span")
      count.className = "count"
      button.append(document.createElement("span"), " ", count)
      list.append(button)
    }
    const [label, count] = button.children
    button.dataset.view = entry.view
    button.className = entry.first ? "first" : ""
    label.textContent = entry.label
    count.textContent = entry.count
    if (entry.view === data.current) button.setAttribute("aria-current", "page")
    else button.removeAttribute("aria-current")
    button.onclick = () => {
      for (const other of list.children) other.removeAttribute("aria-current")
      button.setAttribute("aria-current", "page")
      setTriggerValue("view", { view: entry.view, search: location.search, at: Date.now() })
    }
  }
  while (list.children.length > data.entries.length) list.lastChild.remove()
}
