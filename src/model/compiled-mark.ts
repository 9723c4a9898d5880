/** The line with which a compiled text begins: a file that begins otherwise is somebody else's. Pure. */

export const compiledMark = (processName: string, stage: string): string =>
  `-- psyberg compile ${processName}: ${stage}`;

/** Whether a text was compiled of that process and stage. */
export const isCompiledText = (text: string, processName: string, stage: string): boolean =>
  text.startsWith(`${compiledMark(processName, stage)}\n`);
