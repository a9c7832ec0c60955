// A script: commands as text, each followed by the trace that it leaves.
//
//     # what the scenario is about
//     group 4
//     ----
//
//     wait 2000
//     ----
//       1250  2 stands for term 1
//
// A command and its trace are parted by four dashes; a blank line ends them. SCRIPTS=rewrite writes the traces anew.

import { runCommand } from './commands.ts'
import { Stage } from './stage.ts'

interface Scene {
  /** Comments above the command. */
  readonly comments: readonly string[]
  readonly command: string
}

/** The whole script with the traces that its commands leave now. Throws with the line of a command that cannot be. */
export function play(text: string): string {
  let stage: Stage | null = null
  const scenes = scenesOf(text).map(({ comments, command }) => {
    try {
      if (stage === null) {
        const [verb = '', members = '', b = ''] = command.split(/\s+/)
        if (verb !== 'group') throw new Error('a script begins with: group MEMBERS [B]')
        stage = new Stage({ members: Number(members), ...(b === '' ? {} : { b: Number(b) }) })
      } else runCommand(stage, command)
    } catch (error) {
      throw new Error(`${command}: ${(error as Error).message}`, { cause: error })
    }
    return [...comments, command, '----', ...stage.lines.splice(0)].join('\n')
  })
  return `${scenes.join('\n\n')}\n`
}

function scenesOf(text: string): Scene[] {
  return text
    .split('\n\n')
    .map((part) => part.split('\n').filter((line) => line !== ''))
    .filter((lines) => lines.length > 0)
    .map((lines) => {
      const comments = lines.filter((line) => line.startsWith('#'))
      const command = lines.find((line) => !line.startsWith('#'))
      if (command === undefined) throw new Error(`no command under ${comments[0]}`)
      return { comments, command }
    })
}
