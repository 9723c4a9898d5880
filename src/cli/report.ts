/** `psyberg report`: late data, processes, sessions and tables as one HTML file. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import { usageError } from '../model/errors.ts';
import { fileNotWritable } from '../model/file-not-writable.ts';
import { durationMs, instantOf } from '../model/hour.ts';
import type { WarehouseReport } from '../report/page/report-document.ts';
import { EXIT } from './exit-code.ts';
import { type Act, example } from './help.ts';
import { portOf } from './port.ts';
import { type Shell, withPsyberg } from './shell.ts';

interface ReportOptions {
  readonly out?: string;
  readonly open?: boolean;
  readonly since?: string;
  readonly maintenance?: boolean;
  readonly serve?: boolean;
  readonly port: string;
}

export function addReportCommand(root: Command, act: Act): void {
  root
    .command('report')
    .description('late data, processes, sessions and tables as one HTML file')
    .option('--out <file>', 'where it is written; default: report.html, with --json nowhere')
    .option('--open', 'open it in the browser')
    .option('--since <time>', 'only sessions and landings since then: 30d, 12h, or a date')
    .option(
      '--maintenance',
      'also what maintenance would do, of any number of tables; default: of 12 at most',
    )
    .option('--no-maintenance', 'not that')
    .option('--serve', 'serve the page on this machine and keep it fresh, until it is stopped')
    .option('--port <n>', 'with --serve; default: any free port', '0')
    .addHelpText(
      'after',
      example(
        'psyberg report --open',
        'psyberg report --since 30d --out week.html',
        'psyberg report --serve --open',
        'psyberg --json report',
      ),
    )
    .action(act(report));
}

async function report(shell: Shell, options: ReportOptions): Promise<number> {
  if (options.serve === true) {
    const { serveReport } = await import('./report-server.ts');
    return serveReport(shell, {
      port: portOf(options.port),
      gather: () => gathered(shell, options),
      onReady: async (address) => {
        if (options.open === true) await openInBrowser(shell, address);
      },
    });
  }
  shell.step('reading metadata');
  const document = await gathered(shell, options);
  const isJson = shell.options.json === true;
  const { out = isJson && options.open !== true ? undefined : 'report.html' } = options;
  if (out !== undefined) {
    const { reportHtml } = await import('../report/page/report-html.ts');
    const file = path.resolve(out);
    writeReport(file, await reportHtml(document));
    if (options.open === true) await openInBrowser(shell, file);
  }
  if (isJson) shell.json(document);
  else {
    const { reportWrittenText } = await import('../report/page/report-written.ts');
    const place = { file: out ?? '', style: shell.style, width: shell.width };
    shell.print(reportWrittenText(document, place));
  }
  return exitCodeOfReport(document);
}

/** The project as it is now, opened, read and closed. */
function gathered(shell: Shell, { since, maintenance }: ReportOptions): Promise<WarehouseReport> {
  const request = {
    ...(since === undefined ? {} : { sinceMs: sinceOf(since, Date.now()) }),
    ...(maintenance === undefined ? {} : { maintenance }),
  };
  return withPsyberg(shell, (psyberg) => psyberg.report(request));
}

/** A report in which something could not be read is there, and says so; a script is to notice. */
const exitCodeOfReport = ({ problems }: WarehouseReport): number =>
  problems.length > 0 ? EXIT.failed : EXIT.done;

/** A moment, or a span back from now. Throws `usage`. */
function sinceOf(text: string, nowMs: number): number {
  const span = durationMs(text, { fine: true });
  const moment = span === undefined ? instantOf(text) : nowMs - span;
  if (Number.isFinite(moment)) return moment;
  throw usageError('usage', `--since is a span of time or a date, found '${text}'`, {
    hint: 'for example --since 30d, --since 12h, or --since 2023-09-14',
  });
}

function writeReport(file: string, html: string): void {
  try {
    writeFileSync(file, html);
  } catch (error) {
    throw fileNotWritable(file, error);
  }
}

/** What opens files on each system; a machine without a desktop has none, and that is no failure. */
const OPENERS: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  darwin: ['open'],
  win32: ['cmd', '/c', 'start', ''],
};

/** `place`: a file, or an address. */
async function openInBrowser(shell: Shell, place: string): Promise<void> {
  const { spawn } = await import('node:child_process');
  const [command = 'xdg-open', ...given] = OPENERS[process.platform] ?? [];
  await new Promise<void>((done) => {
    const opener = spawn(command, [...given, place], { detached: true, stdio: 'ignore' });
    opener.on('error', () => {
      shell.note(`there is no ${command} here to open it; open it by hand: ${place}`);
      done();
    });
    opener.on('spawn', () => {
      opener.unref();
      done();
    });
  });
}
