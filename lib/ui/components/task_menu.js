// The left menu: one entry a view of the queue, with its count.
export default function (component) {
  const { data, parentElement, setTriggerValue } = component
  const list = parentElement.querySelector("nav")
  const focused = list.getRootNode().activeElement?.dataset?.view
  list.replaceChildren(
    ...data.entries.map((entry) => {
      const button = document.createElement("button")
      button.type = "button"
      button.dataset.view = entry.view
      if (entry.view === data.current) button.setAttribute("aria-current", "page")
      if (entry.first) button.className = "first"
      const label = document.createElement("span")
      label.textContent = entry.label
      const count = document.createElement("span")
      count.className = "count"
      count.textContent = entry.count
      button.append(label, " ", count)
      button.onclick = () => {
        for (const other of list.children) other.removeAttribute("aria-current")
        button.setAttribute("aria-current", "page")
        setTriggerValue("view", { view: entry.view, search: location.search, at: Date.now() })
      }
      return button
    }),
  )
  if (focused) list.querySelector(`[data-view="${focused}"]`)?.focus()
}
