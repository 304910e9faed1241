// One MCP session that logs in when it is told to: an operation the server refuses for want of authorization is
// tried again after the authorization code is exchanged.

/** Logins one operation may cost: a first one and a step-up. A client must not ask again and again. */
const LOGINS_PER_OPERATION = 2;

export class McpSession {
  #url;
  #sdk;
  #credentials;
  #client;
  #transport;

  constructor(url, sdk, credentials) {
    this.#url = url;
    this.#sdk = sdk;
    this.#credentials = credentials;
  }

  listTools() {
    return this.run(client => client.listTools());
  }

  callTool(name, args = {}) {
    return this.run(client => client.callTool({ name, arguments: args }));
  }

  /** Runs `operation` on a connected client. */
  async run(operation) {
    for (let logins = 0; ; logins++) {
      try {
        return await operation(this.#client ?? (await this.#connect()));
      } catch (error) {
        if (!(error instanceof this.#sdk.UnauthorizedError) || logins === LOGINS_PER_OPERATION) throw error;
        const callback = this.#credentials.takeCallback?.();
        if (!callback) throw error;
        await this.#sdk.finishAuth(this.#transport, callback);
      }
    }
  }

  async #connect() {
    this.#transport = this.#sdk.newTransport(this.#url, this.#credentials);
    const client = this.#sdk.newClient();
    await client.connect(this.#transport);
    this.#client = client;
    return client;
  }

  async close() {
    await this.#client?.close();
  }
}
