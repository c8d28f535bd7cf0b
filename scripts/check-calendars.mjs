// Books cars with awkward names on a server, reads its calendars with ical.js, and
// compares every entry with what the API says of the booking. See check-calendars.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [base, token, library] = process.argv.slice(2);
const { module: entry } = JSON.parse(readFileSync(`${library}/package.json`, "utf8"));
const ICAL = (await import(pathToFileURL(`${library}/${entry ?? "dist/ical.js"}`))).default;

let faults = 0;
const check = (right, ...what) => {
  if (!right) {
    faults++;
    console.error("check-calendars:", ...what);
  }
};

const call = async (method, path, body, headers = {}) => {
  const answer = await fetch(base + path, {
    method,
    headers: { Authorization: `Bearer ${token}`, ...(body && { "Content-Type": "application/json" }), ...headers },
    body: body && JSON.stringify(body),
  });
  return answer;
};
const json = async (method, path, body, headers) => {
  const answer = await call(method, path, body, headers);
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
};

const began = () => fetch(base + "/api/fleet/counts").then((a) => a.ok, () => false);
for (const end = Date.now() + 60_000; !(await began()); await new Promise((next) => setTimeout(next, 50))) {
  if (Date.now() > end) throw new Error("the server does not answer");
}

// A car and a place whose names no calendar would like.
const awkward = 'Comma, semi; back\\slash "quote" : Ü é ß 🏎️ \\n \\, BEGIN:VEVENT ';
const long = (awkward + "ö".repeat(200)).slice(0, 100);
const { id: _, version: __, ...place } = (await json("GET", "/api/admin/locations")).items[0];
const { id: locationId } = await json("POST", "/api/admin/locations", {
  ...place, slug: "awkward", name: awkward.trim(), zone: "America/New_York", handover: "10:00", transfers: [],
});
const plain = await json("GET", `/api/admin/cars/${(await json("GET", "/api/admin/cars")).items[0].id}`);
for (const given of ["id", "version", "hidden", "rating", "reviewCount", "createdAt", "updatedAt"]) delete plain[given];
const car = await json("POST", "/api/admin/cars", {
  ...plain, slug: "awkward", name: long, locationId, vin: "", minimumDays: 1, turnaroundDays: 0, available: true,
});

// Renters, some of whom agree and some of whom do not. Summer, so that New York is four
// hours behind.
const year = new Date().getUTCFullYear() + 1;
const renters = ["Jörg, der Erste", "Zoë;", "李小龍", "O'Brien \\n", "🏎️ Fan", "x".repeat(100), 'Ann "A"'];
const made = [];
for (const [i, firstName] of renters.entries()) {
  const day = (n) => `${year}-07-${String(1 + 3 * i + n).padStart(2, "0")}`;
  const { id } = await json("POST", "/api/bookings", {
    carId: car.id, startDate: day(0), endDate: day(2), pickupTime: "10:00", returnTime: "10:00",
    customer: { firstName, lastName: "Ökonom", email: `renter${i}@example.com`, phone: "+1 305 555 0142" },
  });
  if (i % 3 === 1) await json("POST", `/api/admin/bookings/${id}/confirm`);
  if (i % 3 === 2) await json("POST", `/api/admin/bookings/${id}/cancel`, { reason: "A test, of cancelling" });
  made.push({ id, start: `${day(0)}T14:00:00Z`, end: `${day(2)}T14:00:00Z` });
}
const newline = await call("POST", "/api/bookings", {
  carId: car.id, startDate: `${year}-09-01`, endDate: `${year}-09-03`,
  customer: { firstName: "Two\nlines", lastName: "", email: "two@example.com", phone: "12345" },
});
check(newline.status === 400, `a name of two lines is answered ${newline.status}`);

const bookings = new Map();
for (let page = 1, pages = 1; page <= pages; page++) {
  const list = await json("GET", `/api/admin/bookings?limit=50&page=${page}`);
  pages = list.pagination.totalPages;
  for (const b of list.items) bookings.set(b.id, b);
}

// read gives the entries of a calendar by the ids of their bookings.
const read = async (of) => {
  const { path } = await json("GET", `/api/admin/calendar${of}`);
  const answer = await fetch(base + path);
  const bytes = Buffer.from(await answer.arrayBuffer());
  check(answer.ok && answer.headers.get("content-type") === "text/calendar; charset=utf-8", path, answer.status, answer.headers.get("content-type"));
  for (const line of bytes.toString("latin1").split("\r\n")) check(line.length <= 75 && !/[\r\n]/.test(line), `a line has ${line.length} bytes: ${line}`);
  const again = await fetch(base + path, { headers: { "If-None-Match": answer.headers.get("etag") } });
  check(again.status === 304, `${path} asked for again is answered ${again.status}`);
  const calendar = new ICAL.Component(ICAL.parse(bytes.toString("utf8")));
  check(calendar.getAllSubcomponents().length > 0, `${path} has no component`);
  check(calendar.getFirstPropertyValue("version") === "2.0" && calendar.getFirstPropertyValue("prodid") !== "", "no version or product");
  const entries = new Map();
  for (const part of calendar.getAllSubcomponents("vevent")) {
    const id = part.getFirstPropertyValue("uid").split("@")[0];
    check(!entries.has(id), `${id} is there twice`);
    entries.set(id, { part, event: new ICAL.Event(part) });
  }
  // ical.js leaves a property that no standard has as it is written.
  const name = calendar.getFirstPropertyValue("x-wr-calname").replace(/\\(.)/g, (_, sign) => (sign === "n" ? "\n" : sign));
  return { entries, name };
};

// A car that nobody has booked yet.
const empty = await json("POST", "/api/admin/cars", { ...plain, slug: "nobodys", vin: "" });
const none = await read(`?carId=${empty.id}`);
check(none.entries.size === 0, `a car without bookings has ${none.entries.size} entries`);

const status = { held: "TENTATIVE", cancelled: "CANCELLED", expired: "CANCELLED", no_show: "CANCELLED" };
const compare = (entries) => {
  for (const [id, { part, event }] of entries) {
    const b = bookings.get(id);
    if (!b) {
      check(false, `${id} is no booking`);
      continue;
    }
    check(event.summary.startsWith(`${b.carName}: ${b.customer.firstName.split(" ")[0]}`), `${id}: ${event.summary}, of ${b.carName} and ${b.customer.firstName}`);
    check(part.getFirstPropertyValue("status") === (status[b.state] ?? "CONFIRMED"), `${id}: ${part.getFirstPropertyValue("status")} is ${b.state}`);
    check(event.sequence === b.version - 1, `${id}: the sequence is ${event.sequence} of version ${b.version}`);
    check(event.startDate.zone === ICAL.Timezone.utcTimezone && event.endDate.compare(event.startDate) > 0, `${id}: from ${event.startDate} to ${event.endDate}`);
    check(event.description.split("\n").length === 2 && event.description.startsWith(`Booking ${id}, ${b.state}.`), `${id}: ${event.description}`);
    for (const name of ["dtstamp", "created", "last-modified"]) check(part.getFirstPropertyValue(name) instanceof ICAL.Time, `${id}: no ${name}`);
    check(!part.toString().includes("@example"), `${id}: an address is shown`);
  }
};

const fleet = await read("");
const own = await read(`?carId=${car.id}`);
compare(fleet.entries);
compare(own.entries);
check(fleet.entries.size > 30 && own.entries.size === made.length && own.name === long, `${fleet.entries.size} entries of the fleet, ${own.entries.size} of ${made.length} of ${own.name}`);
for (const { id, start, end } of made) {
  for (const { entries } of [fleet, own]) {
    const event = entries.get(id)?.event;
    check(event?.startDate.toString() === start && event.endDate.toString() === end && event.location === awkward.trim(), `${id}: ${event?.startDate} to ${event?.endDate} at ${event?.location}, want ${start} to ${end}`);
  }
}
if (faults > 0) process.exit(1);
console.log(`check-calendars: ical.js reads ${fleet.entries.size} entries as they are`);
