import createClient from "openapi-fetch";
import type { paths } from "./schema";

declare const process: { argv: string[] };

const [origin, key] = process.argv.slice(2);
const client = createClient<paths>({
  baseUrl: origin,
  headers: { Authorization: `Bearer ${key}` },
});
const coach = await client.GET("/v1/coaches/{coach_id}", {
  params: { path: { coach_id: "ada" } },
});
const slots = await client.GET("/v1/coaches/{coach_id}/slots", {
  params: {
    path: { coach_id: "ada" },
    query: { from: "2026-06-01", to: "2026-06-08", duration: 60 },
  },
});
const start: string = slots.data!.starts[0];
const booked = await client.POST("/v1/bookings", {
  params: { header: { "Idempotency-Key": "order-4711" } },
  body: {
    coach_id: "ada",
    start,
    duration: 60,
    participant: {
      id: "grace",
      name: "Grace",
      email: "grace@example.test",
      zone: "Europe/Paris",
    },
  },
});
const refused = await client.GET("/v1/coaches/{coach_id}", {
  params: { path: { coach_id: "nobody" } },
});
console.log(
  JSON.stringify([coach.data!.name, booked.data!.status, refused.error!.code]),
);
