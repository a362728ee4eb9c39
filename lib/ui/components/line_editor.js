// Service lines as editable cells, with the total as it is typed and each problem under its line.
const FIELDS = [
  ["from", "From", "MM/DD/YYYY"], ["to", "To", "MM/DD/YYYY"], ["procedure", "Procedure", ""],
  ["m1", "Modifier 1", ""], ["m2", "Modifier 2", ""], ["m3", "Modifier 3", ""],
  ["m4", "Modifier 4", ""], ["pointers", "Diagnoses", "A B"], ["units", "Units", ""],
  ["unit_charge", "Unit charge", "0.00"],
]
const PAUSE = 350 // milliseconds without a key
const LATELY = 3000 // milliseconds within which what is typed may not have left the browser
const CODES = new Set(["procedure", "m1", "m2", "m3", "m4", "pointers"])

// Money and units in whole cents and thousandths, so that nothing is lost to binary fractions.
const scaled = (text, places) => {
  const found = /^\s*\$?\s*(\d{1,3}(?:,\d{3})+|\d*)(?:\.(\d+))?\s*$/.exec(text)
  if (!found || (!found[1] && !found[2]) || (found[2] || "").length > places) return null
  return BigInt((found[1] || "0").replaceAll(",", "") + (found[2] || "").padEnd(places, "0"))
}
const dollars = (cents) => {
  const digits = cents.toString().padStart(3, "0")
  return `${BigInt(digits.slice(0, -2)).toLocaleString("en-US")}.${digits.slice(-2)}`
}

export default function (component) {
  const { data, parentElement, setStateValue } = component
  const root = parentElement.querySelector(".lines")
  const body = root.querySelector("tbody")

  // While somebody types, the screen counts; a new stamp means new content from Python.
  if (root.stamp !== data.stamp) {
    root.stamp = data.stamp
    root.lines = data.lines.map((line) => ({ ...line }))
    root.sent = JSON.stringify(root.lines)
    draw()
  }
  mark()

  function tell() {
    clearTimeout(root.pause)
    const now = JSON.stringify(root.lines)
    if (now === root.sent) return
    root.sent = now
    root.sentAt = performance.now()
    setStateValue("typed", typed())
  }

  function typed() {
    return { stamp: root.stamp, lines: root.lines }
  }

  // What the page says as it is left may not leave the browser: see form_guard.js.
  function leave() {
    if (!root.isConnected) return
    tell()
    if (!(performance.now() - root.sentAt < LATELY)) return
    root.sentAt = undefined
    window.billingTyping?.tellLast({ [data.key]: JSON.stringify({ typed: typed() }) })
  }

  function total(line, place) {
    const filed = data.filed[place]
    if (filed && filed.units === line.units && filed.unit_charge === line.unit_charge) {
      return scaled(filed.total, 2)
    }
    const units = scaled(line.units, 3)
    const charge = scaled(line.unit_charge, 2)
    return units === null || charge === null ? null : (units * charge + 500n) / 1000n
  }

  function sums() {
    let sum = 0n
    root.lines.forEach((line, place) => {
      const value = total(line, place)
      const cell = body.querySelector(`tr[data-place="${place}"] td.total`)
      if (cell) cell.textContent = value === null ? "–" : dollars(value)
      sum += value ?? 0n
    })
    root.querySelector(".sum strong").textContent = dollars(sum)
    const filed = root.querySelector(".filed")
    filed.textContent =
      data.filedTotal && scaled(data.filedTotal, 2) !== sum ? `Filed with the claim ${data.filedTotal}` : ""
    root.querySelector(".add").disabled = data.readOnly || root.lines.length >= data.most
  }

  function draw() {
    const focused = body.contains(root.getRootNode().activeElement) && root.getRootNode().activeElement
    body.replaceChildren()
    root.lines.forEach((line, place) => {
      const row = document.createElement("tr")
      row.dataset.place = place
      const number = row.insertCell()
      number.className = "number"
      number.textContent = place + 1
      for (const [name, label, hint] of FIELDS) {
        const cell = row.insertCell()
        cell.className = name
        const input = document.createElement("input")
        input.className = name + (CODES.has(name) ? " code" : "")
        input.value = line[name]
        input.placeholder = hint
        input.maxLength = 20
        input.spellcheck = false
        input.autocomplete = "off"
        input.readOnly = data.readOnly
        input.dataset.field = name
        input.setAttribute("aria-label", `Line ${place + 1} ${label}`)
        input.oninput = () => {
          line[name] = input.value
          sums()
          clearTimeout(root.pause)
          root.pause = setTimeout(tell, PAUSE) // also while the cursor is still in the cell
        }
        input.onchange = tell
        input.onkeydown = (event) => {
          const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
          const other = step && body.querySelector(`tr[data-place="${place + step}"] input.${name}`)
          if (other) {
            event.preventDefault()
            other.focus()
            other.select()
          } else if (event.key === "Enter") tell()
        }
        cell.append(input)
      }
      row.insertCell().className = "total"
      const cell = row.insertCell()
      cell.className = "remove"
      if (!data.readOnly) {
        const remove = document.createElement("button")
        remove.type = "button"
        remove.textContent = "×"
        remove.setAttribute("aria-label", `Remove line ${place + 1}`)
        remove.onclick = () => {
          root.lines.splice(place, 1)
          data.filed.splice(place, 1)
          draw()
          mark()
          tell()
        }
        cell.append(remove)
      }
      body.append(row)
    })
    sums()
    if (!focused) return
    // The same cell or button has the cursor again; of a line that is gone, what is there now.
    const same = body.querySelector(`[aria-label="${focused.getAttribute("aria-label")}"]`)
    ;(same ?? [...body.querySelectorAll(".remove button")].at(-1) ?? root.querySelector(".add")).focus()
  }

  function mark() {
    for (const old of body.querySelectorAll("tr.problems")) old.remove()
    for (const input of body.querySelectorAll("input")) {
      input.removeAttribute("aria-invalid")
      input.classList.remove("known")
    }
    for (const problem of data.problems) {
      const row = body.querySelector(`tr[data-place="${problem.place}"]`)
      if (!row) continue
      const input = row.querySelector(`input[data-field="${problem.field}"]`)
      if (input && problem.blocking) input.setAttribute("aria-invalid", "true")
      else if (input) input.classList.add("known")
      let list = row.nextElementSibling
      if (!list?.classList.contains("problems")) {
        list = document.createElement("tr")
        list.className = "problems"
        list.insertCell().colSpan = 13
        row.after(list)
      }
      const sentence = document.createElement("p")
      sentence.textContent = problem.sentence
      if (!problem.blocking) sentence.className = "known"
      list.cells[0].append(sentence)
    }
    sums()
  }

  for (const leaving of ["beforeunload", "pagehide"]) {
    window.removeEventListener(leaving, root.leave)
    window.addEventListener(leaving, leave)
  }
  root.leave = leave

  root.querySelector(".add").onclick = () => {
    const last = root.lines[root.lines.length - 1]
    root.lines.push({ ...data.empty, from: last?.from ?? "", to: last?.to ?? "" })
    draw()
    mark()
    body.querySelector(`tr[data-place="${root.lines.length - 1}"] input.procedure`).focus()
    tell()
  }
}
