// Opens the browser's window for printing.
export default function ({ parentElement }) {
  parentElement.querySelector("button").onclick = () => window.print()
}
