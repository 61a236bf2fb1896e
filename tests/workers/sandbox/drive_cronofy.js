// Drives the official npm client `cronofy`, unchanged, through every call of the issue; prints what it saw as JSON.
'use strict';

const [, , library, ready, callback] = process.argv;
const Cronofy = require(library);
const { origin, client_id, client_secret, account, code, redirect_uri } = JSON.parse(ready);

async function pages(read, first) {
  let answer = await read(first);
  const sizes = [answer];
  while (answer.pages.next_page) {
    answer = await read({ next_page: answer.pages.next_page });
    sizes.push(answer);
  }
  return sizes;
}

async function refusal(call) {
  try {
    await call();
    return null;
  } catch (error) {
    return { status: error.statusCode, entity: error.error && error.error.entity };
  }
}

async function main() {
  const seen = {};
  const client = new Cronofy({ client_id, client_secret });
  client.urls.api = origin;

  seen.token = await client.requestAccessToken({ code, redirect_uri });
  seen.refreshed = await client.refreshAccessToken();
  seen.userinfo = await client.userInfo();
  seen.account = await client.accountInformation();
  seen.profiles = await client.profileInformation();
  seen.calendars = await client.listCalendars();

  seen.channel = await client.createNotificationChannel({ callback_url: callback });
  seen.channels = await client.listNotificationChannels();
  seen.closed = await client.deleteNotificationChannel({ channel_id: seen.channel.channel.channel_id });
  seen.channelsAfter = await client.listNotificationChannels();

  const range = { tzid: 'Europe/London', from: '2020-01-01', to: '2100-01-01' };
  seen.freeBusy = (await pages((q) => client.freeBusy(q), { ...range, include_managed: true })).map((p) => p.free_busy.length);
  seen.events = (await pages((q) => client.readEvents(q), { ...range, calendar_ids: [account.calendars[0]] })).map((p) => p.events.length);

  const calendar_id = account.calendars[2];
  const event = { calendar_id, event_id: 'n-1', summary: 'Maths', start: '2026-11-07T15:00:00Z', end: '2026-11-07T16:00:00Z' };
  const managed = { ...range, only_managed: true };
  seen.upserted = await client.createEvent(event);
  seen.managed = (await client.readEvents(managed)).events;
  seen.deleted = await client.deleteEvent({ calendar_id, event_id: 'n-1' });
  seen.managedAfter = (await client.readEvents(managed)).events;
  const relative_url = `/v1/calendars/${calendar_id}/events`;
  seen.batch = await client.batch({
    batch: [
      { method: 'POST', relative_url, data: { ...event, event_id: 'n-2' } },
      { method: 'POST', relative_url, data: { ...event, event_id: 'n-3', summary: '' } },
      { method: 'DELETE', relative_url, data: { event_id: 'n-2' } }
    ]
  });
  await client.createEvent(event);
  seen.bulkDeleted = await client.bulkDeleteEvents({ delete_all: true });
  seen.managedAtLast = (await client.readEvents(managed)).events;

  const query = {
    participants: [{ required: 'all', members: [{ sub: account.sub }] }],
    required_duration: { minutes: 60 },
    available_periods: [{ start: '2099-11-03T09:00:00Z', end: '2099-11-03T12:00:00Z' }]
  };
  seen.periods = await client.availability(query);
  seen.slots = await client.availability({ ...query, response_format: 'slots', start_interval: { minutes: 30 } });

  seen.missing = await refusal(() => client.listAvailabilityRules());
  seen.revoked = await client.revokeAuthorization({ refresh_token: account.refresh_token });
  client.config.refresh_token = account.refresh_token;
  seen.afterRevoke = await refusal(() => client.refreshAccessToken());
  return seen;
}

main().then(
  (seen) => process.stdout.write(JSON.stringify(seen)),
  (error) => {
    process.stderr.write(`${error.stack}\n${JSON.stringify(error.error)}\n`);
    process.exit(1);
  }
);
