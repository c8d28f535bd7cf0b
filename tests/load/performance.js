// The load test of the performance guide: visitors in the guide's mix, cars and
// questions by Zipf's law, and the guide's targets as thresholds, so that k6 exits
// with 99 when one is missed.
//
//   make load                                   # against a server that it starts
//   k6 run -e BASE_URL=https://cars.example.com tests/load/performance.js
//
// Variables: BASE_URL, one address or several with commas (http://localhost:8080);
// RATE, reads a second (200); DURATION (30s) after WARMUP (10s), which is not
// measured; EXO_ADMIN_TOKEN, with which one operation in 1,000 is a write. Every
// write is taken back. A server with rate limits refuses such a load from one address.
import http from 'k6/http';
import exec from 'k6/execution';
import { Rate, Trend } from 'k6/metrics';

const nodes = (__ENV.BASE_URL || 'http://localhost:8080').split(',');
const rate = Number(__ENV.RATE || 200);
const duration = seconds(__ENV.DURATION || '30s');
const warmup = seconds(__ENV.WARMUP || '10s');
const token = __ENV.EXO_ADMIN_TOKEN || '';

const writesPerOperation = 1 / 1000;
const exponent = 1.1; // of Zipf's law, as in bench/mix_test.go
const questions = 50; // different lists

// What the targets are about. X-Cache tells hits from misses, X-DB-Time what the
// statements took.
const cached = new Trend('cached_requests', true);
const database = new Trend('database_queries', true);
const search = new Trend('search_operations', true);
const hits = new Rate('cache_hit_rate');
const errors = new Rate('errors');

const scenarios = {
  visitors: {
    executor: 'constant-arrival-rate',
    exec: 'visit',
    rate,
    timeUnit: '1s',
    duration: `${warmup + duration}s`,
    preAllocatedVUs: 100,
    maxVUs: 500,
  },
};
if (token) {
  scenarios.administrators = {
    executor: 'constant-arrival-rate',
    exec: 'administer',
    rate: Math.max(1, Math.round(rate * duration * writesPerOperation)),
    timeUnit: `${duration}s`,
    duration: `${duration}s`,
    startTime: `${warmup}s`,
    preAllocatedVUs: 2,
    maxVUs: 10,
  };
}

export const options = {
  scenarios,
  setupTimeout: '60s',
  summaryTrendStats: ['med', 'p(95)', 'p(99)', 'max', 'count'],
  thresholds: {
    cached_requests: ['p(95)<50'],
    database_queries: ['p(95)<250'],
    search_operations: ['p(95)<500'],
    cache_hit_rate: ['rate>0.85'],
    errors: ['rate<0.001'],
  },
};

// setup asks which cars there are, the most featured first.
export function setup() {
  const cars = [];
  for (let page = 1; page <= 20; page++) {
    const answer = http.get(`${nodes[0]}/api/cars?limit=50&page=${page}`);
    if (answer.status !== 200) {
      exec.test.abort(`${nodes[0]} answers ${answer.status} to the list of cars`);
    }
    const list = answer.json();
    cars.push(...list.cars.map((car) => car.id));
    if (!list.pagination.hasNext) break;
  }
  return { cars, begun: Date.now() };
}

export function visit(data) {
  const dice = Math.random();
  const car = `/api/cars/${data.cars[zipf(data.cars.length)]}`;
  if (dice < 0.4) {
    const question = zipf(questions);
    ask(data, 'list', `/api/cars?${list(question)}`, isSearch(question));
  } else if (dice < 0.7) {
    ask(data, 'details', car);
  } else if (dice < 0.9) {
    ask(data, 'availability', `${car}/availability?startDate=${day(1)}&endDate=${day(31)}`);
  } else {
    ask(data, 'reviews', `${car}/reviews`);
  }
}

// ask reads and holds the answer against the targets.
function ask(data, name, path, searches = false) {
  const answer = http.get(nodes[Math.floor(Math.random() * nodes.length)] + path, { tags: { name }, timeout: '15s' });
  if (Date.now() - data.begun < warmup * 1000) return;
  const right = answer.status === 200;
  errors.add(!right, { name });
  if (!right) return;
  const hit = answer.headers['X-Cache'] === 'HIT';
  hits.add(hit, { name });
  if (hit) {
    cached.add(answer.timings.duration, { name });
  } else {
    database.add(Number(answer.headers['X-Db-Time']), { name });
    if (searches) search.add(answer.timings.duration, { name });
  }
}

// list is the query of one of the fifty questions: kinds of cars, in two orders, every
// fifth with days and every seventh with words.
const categories = ['supercar', 'sports', 'grand-tourer', 'luxury-sedan', 'luxury-suv', 'convertible', 'classic', 'electric'];
const words = ['rosso', 'carbon', 'spider', 'turbo', 'v8', 'comfort', 'quiet'];

function list(question) {
  const parts = ['limit=12'];
  if (question % 7 === 6) {
    parts.push(`search=${words[Math.floor(question / 7) % words.length]}`);
  } else {
    parts.push(`category=${categories[question % categories.length]}`, `page=${1 + Math.floor(question / 10) % 2}`);
    if (question % 2 === 1) parts.push('sort=price');
  }
  if (question % 5 === 4) parts.push(`startDate=${day(10 + question)}`, `endDate=${day(13 + question)}`);
  return parts.join('&');
}

const isSearch = (question) => question % 7 === 6 || question % 5 === 4;

// administer takes a day far ahead for maintenance, or gives it a price of its own, and
// takes that back.
export function administer(data) {
  const car = data.cars[zipf(data.cars.length)];
  const far = day(400 + Math.floor(Math.random() * 100));
  const [method, what, more] = Math.random() < 0.5 ? ['POST', 'blocks', { reason: 'load test' }] : ['PUT', 'prices', { amount: 12300 }];
  const address = `${nodes[exec.scenario.iterationInTest % nodes.length]}/api/admin/cars/${car}/${what}`;
  const params = { headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' }, tags: { name: what } };
  const done = http.request(method, address, JSON.stringify({ startDate: far, endDate: far, ...more }), params);
  // A day that somebody has taken is no error of the server's.
  errors.add(done.status >= 300 && done.status !== 409, { name: what });
  if (done.status >= 300) return;
  const undone = http.del(`${address}?startDate=${far}&endDate=${far}`, null, params);
  errors.add(undone.status >= 300, { name: what });
}

// zipf draws a number below n: the first most often, the second half as often or so, the
// nth 1/n^exponent as often as the first.
const tables = {};

function zipf(n) {
  if (!tables[n]) {
    let sum = 0;
    tables[n] = Array.from({ length: n }, (_, i) => (sum += 1 / (i + 1) ** exponent));
  }
  const table = tables[n];
  const drawn = Math.random() * table[n - 1];
  let low = 0;
  let high = n - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (table[middle] < drawn) low = middle + 1;
    else high = middle;
  }
  return low;
}

function day(ahead) {
  return new Date(Date.now() + ahead * 86400000).toISOString().slice(0, 10);
}

function seconds(text) {
  const found = /^(\d+)(s|m)?$/.exec(text);
  if (!found) throw new Error(`"${text}" is no time; write 30s or 2m`);
  return Number(found[1]) * (found[2] === 'm' ? 60 : 1);
}
