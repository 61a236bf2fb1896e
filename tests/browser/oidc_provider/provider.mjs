// A real OpenID provider on this machine, with the login pages that it has for developers.
// usage: node provider.mjs PORT REDIRECT_URI
import Provider from "oidc-provider";

const [port, redirectUri] = process.argv.slice(2);
const groups = { acting: ["coachcal-act"], reading: ["coachcal-read"], stranger: ["others"] };

const findAccount = (_context, id) => ({
  accountId: id,
  claims: () => ({
    sub: id,
    email: `${id}@example.test`,
    email_verified: true,
    groups: groups[id] ?? [],
  }),
});

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [
    { client_id: "coachcal", client_secret: "a+secret/of%ours", redirect_uris: [redirectUri] },
  ],
  claims: { openid: ["sub"], email: ["email", "email_verified"], groups: ["groups"] },
  cookies: { keys: ["a key of this test"] },
  pkce: { required: () => true },
  features: { devInteractions: { enabled: true } },
  findAccount,
});
provider.listen(Number(port), "127.0.0.1", () => console.log("listening"));
