// The secret of a one-time link stands behind its #: it goes into the form, and out of the address.
const secret = document.querySelector("form[data-secret] input[name=token]")
if (secret && location.hash.length > 1) {
  secret.value = location.hash.slice(1)
  history.replaceState(null, "", location.pathname)
  secret.form.submit()
}

// A passkey signs, or is made, when its button is pressed; its answer goes with the form.
for (const form of document.querySelectorAll("form[data-passkey]")) {
  form.addEventListener("submit", async (event) => {
    if (form.elements.credential.value) return
    event.preventDefault()
    const alert = form.querySelector("[role=alert]")
    alert.hidden = true
    try {
      const told = JSON.parse(form.dataset.passkey)
      const made =
        "new" in form.dataset
          ? await navigator.credentials.create({
              publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(told),
            })
          : await navigator.credentials.get({
              publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(told),
            })
      form.elements.credential.value = JSON.stringify(made.toJSON())
      form.submit()
    } catch {
      alert.hidden = false
    }
  })
}
