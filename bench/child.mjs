import { fork } from 'node:child_process';
import { once } from 'node:events';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A process of its own that answers one call at a time; it runs a file that ends in serve(). */
export class Child {
  #process;
  #name;

  /**
   * @param {URL} file what to run
   * @param {unknown} setup handed to serve()
   * @param {string[]} execArgv options for Node
   */
  static async start(file, setup = {}, execArgv = []) {
    const child = new Child();
    child.#name = basename(fileURLToPath(file));
    child.#process = fork(file, [JSON.stringify(setup)], { execArgv });
    await child.#message();
    return child;
  }

  async call(method, argument) {
    const answer = this.#message();
    this.#process.send({ method, argument });
    return answer;
  }

  async end() {
    const exit = once(this.#process, 'exit');
    this.#process.disconnect();
    const [code, signal] = await exit;
    if (code !== 0) throw new Error(`${this.#name} ended with ${signal ?? `code ${code}`}`);
  }

  async #message() {
    const settled = new AbortController();
    const { signal } = settled;
    const failure = once(this.#process, 'exit', { signal }).then(([code, by]) => {
      throw new Error(`${this.#name} ended with ${by ?? `code ${code}`} before it answered`);
    });
    const [message] = await Promise.race([once(this.#process, 'message', { signal }), failure]);
    settled.abort();
    return message.result;
  }
}

/**
 * Sets this process up and answers the parent's calls until it disconnects.
 *
 * @param {(setup: any) => Promise<Record<string, (argument: any) => unknown>>} prepare
 */
export async function serve(prepare) {
  const methods = await prepare(JSON.parse(process.argv[2]));
  process.on('message', async ({ method, argument }) => {
    process.send({ result: await methods[method](argument) });
  });
  process.once('disconnect', () => process.exit());
  process.send({});
}
