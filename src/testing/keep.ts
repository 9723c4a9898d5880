/** Turns a warehouse that a test has left into a project that commands can look at. */
import fs from 'node:fs';
import path from 'node:path';
import type { ProjectSpec } from '../model/process-spec.ts';
import { PROJECT_FILE } from '../project/project-schema.ts';

/** Writes psyberg.yaml, and copies processes and audits, so that `psyberg sql --project FOLDER` reads it. */
export function writeKeptProject(project: ProjectSpec, folder: string): void {
  fs.writeFileSync(
    path.join(folder, PROJECT_FILE),
    `# The warehouse that a test of ${project.name} has left.\nname: ${project.name}\ncatalog:\n  warehouse: warehouse\n`,
  );
  fs.cpSync(project.processesDirectory, path.join(folder, 'processes'), { recursive: true });
  for (const spec of project.processes)
    for (const audit of spec.audits)
      if (audit.file !== undefined) {
        const to = path.join(folder, path.relative(project.root, audit.file));
        fs.mkdirSync(path.dirname(to), { recursive: true });
        fs.copyFileSync(audit.file, to);
      }
}
