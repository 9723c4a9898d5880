// Goal: a report that is served is fresh, and nobody else gets it. Method: the command on a project in a
// folder, and a client that asks what a browser would.
import { request } from 'node:http';
import { afterAll, expect, it } from 'vitest';
import { CANCEL_LOAD, cliJson, makeProject, removeFolders, startCli } from './fixture.ts';

afterAll(removeFolders);

const statusOf = (address: string, headers: Readonly<Record<string, string>>): Promise<number | undefined> =>
  new Promise((done, failed) => {
    request(address, { headers }, (response) => {
      response.resume();
      done(response.statusCode);
    })
      .on('error', failed)
      .end();
  });

const pageOf = async (address: string): Promise<string> => (await fetch(address)).text();
const seenOn = (page: string): string => /data-seen="([^"]*)"/.exec(page)?.[1] as string;

/** Comes when the server says that what was seen is no longer so. */
async function toldOfChange(address: string, seen: string): Promise<void> {
  const { body } = await fetch(`${address}changes?seen=${encodeURIComponent(seen)}`);
  const reader = body?.pipeThrough(new TextDecoderStream()).getReader();
  for (let text = ''; !text.includes('data: changed'); ) text += (await reader?.read())?.value ?? '';
  await reader?.cancel();
}

it('is made anew when the warehouse or the project changed, and told to who looks; to nobody else', async () => {
  const project = makeProject(CANCEL_LOAD);
  const served = startCli(['report', '--serve', '--json', '--project', project.root]);
  await expect.poll(served.stdout, { timeout: 30_000 }).toContain('\n');
  const { uri } = JSON.parse(served.stdout()) as { uri: string };
  expect(uri).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/[\w-]{16}\/$/);

  const first = await pageOf(uri);
  expect(first).toContain('data-panel="processes" data-items="1"');
  expect(first).toContain('connect-src &#39;self&#39;');
  expect(first).toContain('never run');
  // Looking changes nothing: the same page is there.
  expect(await pageOf(uri)).toBe(first);

  const landed = toldOfChange(uri, seenOn(first));
  await project.sql(
    'create schema raw',
    'create table raw.cancels (id bigint, ts timestamptz)',
    "insert into raw.cancels values (1, '2023-09-14 05:00:00Z')",
  );
  expect((await cliJson('run', '--project', project.root)).code).toBe(0);
  await landed;
  const second = await pageOf(uri);
  expect(second).toContain('facts.cancels');
  expect(second).not.toContain('never run');

  const broken = toldOfChange(uri, seenOn(second));
  project.write('processes/cancel_load.sql', 'select 1');
  await broken;
  const failed = await pageOf(uri);
  expect(failed).toMatch(/No report[\s\S]*processes\/cancel_load\.sql/);
  const mended = toldOfChange(uri, seenOn(failed));
  project.write('processes/cancel_load.sql', CANCEL_LOAD['processes/cancel_load.sql']);
  await mended;
  expect(await pageOf(uri)).toContain('data-panel="processes" data-items="1"');

  expect(await statusOf(uri, { host: 'somewhere.example' })).toBe(403);
  expect(await statusOf(new URL('/', uri).href, {})).toBe(404);
  served.child.kill('SIGTERM');
  expect(await served.done).toMatchObject({ code: 0 });
}, 240_000);
