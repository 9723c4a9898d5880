// Goal: the scripts complete in zsh and fish as in bash. Method: real shells, zsh at a prompt; one that is not
// installed is said loudly to be left out.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { completionProject } from './completion-project.ts';
import { removeFolders } from './fixture.ts';

const SCRIPTS = fileURLToPath(new URL('../../templates/completion', import.meta.url));
afterAll(removeFolders);

const has = (shell: string): boolean => spawnSync(shell, ['--version']).status === 0;
for (const shell of ['zsh', 'fish'].filter((each) => !has(each)))
  console.warn(`NOT TESTED: completion in ${shell}, which is not installed`);

describe('the scripts', () => {
  const { run } = completionProject();
  it.skipIf(!has('fish'))('completes in fish', async () => {
    const text = `source '${SCRIPTS}/psyberg.fish'; complete -C 'psyberg stat'; complete -C 'psyberg run a'; complete -C 'psyberg plan --expl'`;
    expect((await run('fish', '-c', text)).split('\n').map((each) => each.split('\t')[0])).toEqual([
      'status',
      'a_load',
      '--explain',
      '',
    ]);
  });
  it.skipIf(!has('zsh'))('completes in zsh, at a prompt', async () => {
    const text = `
      zmodload zsh/zpty
      zpty -b shell zsh -f -i
      send() { zpty -w shell "$1"; }
      until_seen() {
        local all='' part
        repeat 400; do
          while zpty -r -t shell part; do all+=$part; done
          [[ $all == *$1* ]] && { print -r -- "saw $1"; return }
          sleep 0.05
        done
        print -r -- "not seen $1 in: \${(q)all}"
      }
      send "PS1='> '; autoload -Uz compinit; compinit -u -D; source '${SCRIPTS}/psyberg.zsh'; print LOAD''ED"
      until_seen LOADED
      zpty -w -n shell $'psyberg hist\\t'
      until_seen 'psyberg history'
      zpty -w -n shell $'\\025psyberg run a\\t'
      until_seen 'run a_load'
      zpty -w -n shell $'\\025psyberg plan --expl\\t'
      until_seen '--explain'
      zpty -d shell`;
    expect(await run('zsh', '-f', '-c', text)).toBe(
      'saw LOADED\nsaw psyberg history\nsaw run a_load\nsaw --explain\n',
    );
  });
});
