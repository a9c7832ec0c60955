#!/usr/bin/env node
// The one program: parses the command line and hands over to src/cli.

import { run } from '../src/cli/program.ts'

process.exitCode = await run(process.argv.slice(2))
