// The secret of a one-time link stands behind its #: it goes into the form, and out of the address.
const secret = document.querySelector("form[data-secret] input[name=token]")
if (secret && location.hash.length > 1) {
  secret.value = location.hash.slice(1)
  history.replaceState(null, "", location.pathname)
  secret.form.submit()
}

// A passkey signs, or is made, when its button is pressed; its answer goes with the form.
for (const form of document.querySelectorAll("form[data-passkey]")) {
  const alert = form.querySelector("[role=alert]")
  const noPasskey = alert.textContent
  form.addEventListener("submit", async (event) => {
    if (form.elements.credential.value || event.submitter?.name) return
    event.preventDefault()
    alert.hidden = true
    try {
      const asked = form.dataset.passkey
        ? { options: form.dataset.passkey }
        : await ask(form)
      if (asked.said) {
        alert.textContent = asked.said
        alert.hidden = false
        return
      }
      if (asked.ceremony) form.elements.ceremony.value = asked.ceremony
      const told = JSON.parse(asked.options)
      const made =
        "new" in form.dataset
          ? await navigator.credentials.create({
              publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(told),
            })
          : await navigator.credentials.get({
              publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(told),
            })
      form.elements.credential.value = JSON.stringify(made.toJSON())
      if (form.elements.old) form.elements.old.value = ""
      form.submit()
    } catch {
      alert.textContent = noPasskey
      alert.hidden = false
    }
  })
}

// What a passkey is to sign, or what a new one is made of.
async function ask(form) {
  const body = new URLSearchParams(new FormData(form))
  const answer = await fetch(`${form.getAttribute("action")}/passkey`, { method: "POST", body })
  return answer.json()
}
