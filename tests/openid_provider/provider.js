// A provider for tests: three people, a page to sign in as one of them, and no consent to ask.
// `node provider.js MODULES PORT CALLBACK` prints "ready" once it answers.

import { createRequire } from "node:module"
import { pathToFileURL } from "node:url"

const [modules, port, callback] = process.argv.slice(2)
const found = createRequire(`${modules}/x.js`).resolve("oidc-provider")
const { default: Provider } = await import(pathToFileURL(found).href)

const people = {
  eva: { email: "eva@example.com", email_verified: true },
  max: { email: "max@example.com", email_verified: false },
  zoe: { email: "zoe@elsewhere.example", email_verified: true },
}

const issuer = `http://127.0.0.1:${port}`
const provider = new Provider(issuer, {
  clients: [
    {
      client_id: "billing-tasks",
      client_secret: "the secret of the client",
      redirect_uris: [callback],
    },
  ],
  claims: { openid: ["sub"], email: ["email", "email_verified"] },
  pkce: { required: () => true },
  features: { devInteractions: { enabled: false } },
  cookies: { keys: ["a key for tests"] },
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub, ...people[sub] }) }),
  loadExistingGrant: async (ctx) => {
    const grant = new ctx.oidc.provider.Grant({
      clientId: ctx.oidc.client.clientId,
      accountId: ctx.oidc.session.accountId,
    })
    grant.addOIDCScope("openid email")
    await grant.save()
    return grant
  },
})

provider.use(async (ctx, next) => {
  if (!ctx.path.startsWith("/interaction/")) return next()
  if (ctx.method === "GET") {
    const buttons = Object.keys(people).map(
      (name) => `<button name="who" value="${name}">${name}</button>`,
    )
    ctx.type = "html"
    ctx.body = `<h1>The provider's own sign-in</h1><form method="post">${buttons.join("")}
      <button name="who" value="">Cancel</button></form>`
    return
  }
  let body = ""
  for await (const piece of ctx.req) body += piece
  const who = new URLSearchParams(body).get("who")
  const answer = who
    ? { login: { accountId: who } }
    : { error: "access_denied", error_description: "canceled" }
  await provider.interactionFinished(ctx.req, ctx.res, answer)
  ctx.respond = false
})

provider.listen(Number(port), "127.0.0.1", () => console.log("ready"))
