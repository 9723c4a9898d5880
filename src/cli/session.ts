import type { Command } from 'commander';
import type { Act } from './command-line.ts';
export function addSessionCommand(_root: Command, _act: Act): void {}
