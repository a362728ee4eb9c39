// One of our documents in a frame. Streamlit's own frames are sandboxed, and Chromium's PDF viewer
// does not start in a sandbox; the document's own policy keeps it from loading or running anything.
export default function (component) {
  const { data, parentElement } = component
  const frame = parentElement.querySelector("iframe")
  if (!data.address.startsWith("/documents/")) return
  const source = `${data.address}#navpanes=0&view=FitH`
  if (frame.getAttribute("src") !== source) frame.setAttribute("src", source)
  frame.title = data.name
}
