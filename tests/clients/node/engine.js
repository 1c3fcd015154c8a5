/** Where the engine under test listens; the suite does not start one. */
export const url = process.env.INFERENCE_TEST_URL;
if (!url) throw new Error("INFERENCE_TEST_URL is not set: start an engine and set it, for example to http://127.0.0.1:30000.");

export const baseURL = `${url.replace(/\/$/, "")}/v1`;

/** What the engine serves. */
export async function servedModel() {
  const response = await fetch(`${baseURL}/models`);
  return (await response.json()).data[0].id;
}

/** Polls /health until nothing is computed; the report. */
export async function idle(signal) {
  for (;;) {
    signal.throwIfAborted();
    const health = await (await fetch(`${url}/health`, { signal })).json();
    if (health.running_sequences + health.waiting_requests === 0) return health;
  }
}
