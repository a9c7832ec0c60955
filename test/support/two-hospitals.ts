// Hospital A validates, hospital B observes: real processes, made and asked by the command line.

import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AssentNode, assent, type Finished, freePorts } from './assent-cli.ts'

export class TwoHospitals {
  readonly home = mkdtempSync(join(tmpdir(), 'assent-two-'))
  readonly #rpcUrls = new Map<string, string>()
  readonly #nodes = new Map<string, AssentNode>()

  /** `config`: further fields of each assent.json. */
  async found(config: object = {}): Promise<this> {
    const [p2pA = 0, rpcA = 0, p2pB = 0, rpcB = 0] = await freePorts(4)
    for (const [folder, name, role, p2p, rpc] of [
      ['a', 'Hospital A', 'validator', p2pA, rpcA],
      ['b', 'Hospital B', 'observer', p2pB, rpcB],
    ] as const) {
      await this.done(
        ...['init', '--name', name, '--kind', 'hospital', '--role', role, '--folder', folder],
        ...['--listen', `/ip4/127.0.0.1/tcp/${p2p}`, '--rpc-port', String(rpc)],
      )
      this.#rpcUrls.set(folder, `http://127.0.0.1:${rpc}`)
      this.configure(folder, config)
    }
    await this.done('genesis', 'build', '--name', 'Two hospitals', '--card', 'a/join-card.json', 'b/join-card.json')
    for (const folder of ['a', 'b']) await this.done('genesis', 'sign', '--genesis', 'genesis.json', '--folder', folder)
    for (const folder of ['a', 'b']) cpSync(this.path('genesis.json'), this.path(folder, 'genesis.json'))
    await Promise.all([this.start('a'), this.start('b')])
    return this
  }

  /** Takes effect when the node is started. */
  configure(folder: string, config: object): void {
    this.write(`${folder}/assent.json`, { ...this.readJson(`${folder}/assent.json`), ...config })
  }

  async start(folder: string): Promise<void> {
    const node = new AssentNode(folder, { cwd: this.home, rpcUrl: this.#rpcUrls.get(folder) as string })
    this.#nodes.set(folder, node)
    await node.ready()
  }

  async stop(folder: string): Promise<void> {
    await this.#nodes.get(folder)?.stop()
  }

  async end(): Promise<void> {
    await Promise.all(['a', 'b'].map((folder) => this.stop(folder)))
    rmSync(this.home, { recursive: true, force: true })
  }

  path(...parts: string[]): string {
    return join(this.home, ...parts)
  }

  write(name: string, content: object | string): void {
    writeFileSync(this.path(name), typeof content === 'string' ? content : JSON.stringify(content))
  }

  readJson(name: string) {
    return JSON.parse(readFileSync(this.path(name), 'utf8'))
  }

  run(...args: string[]): Promise<Finished> {
    return assent(args, { cwd: this.home })
  }

  /** Runs a command that must succeed; answers what it printed. */
  async done(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(...args)
    if (code !== 0) throw new Error(`assent ${args.join(' ')} ended with ${code}: ${stderr}${stdout}`)
    return stdout
  }

  async json(...args: string[]) {
    return JSON.parse(await this.done(...args, '--json'))
  }

  /** Enrols a patient of hospital A, with a key file NAME.json. */
  async patient(name: string): Promise<string> {
    this.write(`${name}-fhir.json`, {
      resourceType: 'Patient',
      identifier: [{ system: 'urn:assent:mrn', value: `MRN-${name}` }],
    })
    const files = ['--file', `${name}-fhir.json`, '--keys', `${name}.json`]
    return (await this.json('enroll', 'patient', '--folder', 'a', ...files)).patient
  }
}
