// Drives a platform with the client library heroku-client from the npm registry: the life of an app, start to end.
// usage: heroku_client.js FOLDER_OF_THE_LIBRARY API_URL KEY
'use strict';
const assert = require('node:assert');
const { execFileSync } = require('node:child_process');
const { setTimeout: pause } = require('node:timers/promises');

const [folder, host, token] = process.argv.slice(2);
const Heroku = require(folder);
let calls = 0;
const heroku = new Heroku({ host, token, middleware: (_, next) => { calls++; next(); } });
const name = 'client-' + Math.random().toString(36).slice(2, 10);

async function refused(promise, status, id) {
  const error = await promise.then(() => assert.fail(`expected ${status} ${id}`), e => e);
  assert.equal(error.statusCode, status, String(error));
  assert.equal(error.body.id, id);
}

async function until(what, look) {
  for (let i = 0; i < 300; i++) {
    if (await look()) return;
    await pause(200);
  }
  assert.fail(what + ' did not come');
}

async function life() {
  const account = await heroku.get('/account');
  assert.match(account.email, /@/);

  const app = await heroku.post('/apps', { body: { name } });
  assert.equal(app.name, name);
  assert.ok((await heroku.get('/apps')).some(a => a.id === app.id));
  await refused(heroku.post('/apps', { body: { name } }), 422, 'invalid_params');
  await refused(heroku.get('/apps/no-such-app-4711'), 404, 'not_found');
  await refused(new Heroku({ host, token: 'wrong' }).get('/apps'), 401, 'unauthorized');

  const config = await heroku.patch(`/apps/${name}/config-vars`, { body: { WORD: 'one', GONE: 'x' } });
  assert.deepEqual(config, { WORD: 'one', GONE: 'x' });
  await heroku.patch(`/apps/${name}/config-vars`, { body: { GONE: null } });
  assert.deepEqual(await heroku.get(`/apps/${name}/config-vars`), { WORD: 'one' });

  const slug = await heroku.post(`/apps/${name}/slugs`, {
    body: { process_types: { web: 'python3 -m http.server $PORT', worker: 'sleep 1000' } },
  });
  execFileSync('sh', ['-c', 'mkdir app && echo hello > app/index.html && tar -czf slug.tgz ./app'], { cwd: process.env.SCRATCH });
  execFileSync('curl', ['-sSf', '-X', slug.blob.method.toUpperCase(), '-H', 'Content-Type:', '--data-binary', '@slug.tgz', slug.blob.url],
    { cwd: process.env.SCRATCH });
  const release = await heroku.post(`/apps/${name}/releases`, { body: { slug: slug.id, description: 'from the client' } });
  assert.equal(release.slug.id, slug.id);

  const formation = await heroku.get(`/apps/${name}/formation`);
  assert.deepEqual(formation.map(f => f.type).sort(), ['web', 'worker']);
  const scaled = await heroku.patch(`/apps/${name}/formation`, { body: { updates: [{ type: 'web', quantity: 2 }, { type: 'worker', quantity: 1 }] } });
  assert.deepEqual(scaled.map(f => [f.type, f.quantity]).sort(), [['web', 2], ['worker', 1]]);
  await until('three dynos', async () =>
    (await heroku.get(`/apps/${name}/dynos`)).filter(d => d.state === 'up').length === 3);

  // The library asks for lists in the order of their ids.
  const releases = (await heroku.get(`/apps/${name}/releases`)).sort((a, b) => a.version - b.version);
  assert.equal(releases.at(-1).description, 'from the client');
  const page = await heroku.get(`/apps/${name}/releases`, { partial: true, headers: { Range: 'version ..; order=desc,max=2' } });
  assert.deepEqual(page.map(r => r.version), [releases.length, releases.length - 1]);
  await heroku.patch(`/apps/${name}/config-vars`, { body: { WORD: 'two' } });
  await heroku.post(`/apps/${name}/releases`, { body: { release: release.id } });
  // Config vars belong to releases: the rollback brings the old ones back.
  assert.equal((await heroku.get(`/apps/${name}/config-vars`)).WORD, 'one');

  const renamed = await heroku.patch(`/apps/${app.id}`, { body: { maintenance: true } });
  assert.equal(renamed.maintenance, true);
  await heroku.delete(`/apps/${name}`);
  await refused(heroku.get(`/apps/${app.id}`), 404, 'not_found');
}

life().then(
  () => console.log(`heroku-client: ${calls} calls, all answered as it expects`),
  error => { console.error(error); process.exit(1); });
