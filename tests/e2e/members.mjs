// People of a project made for a test: each with a browser context and the HTTP interface of their own.
import { apiOf, newId } from "./api.mjs";

/** Opens the link of a sign-in or an invitation. Pages' failures are said into `said`. */
export async function browserOf(browser, server, link, said) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: "light" });
  const token = new URL(link).searchParams.get("link");
  const answer = await context.request.post(`${server.url}/api/v1/links/${token}`, { data: { password: "a long enough sentence" }, headers: { origin: server.url } });
  if (!answer.ok()) throw new Error(`the link was refused: ${String(answer.status())} ${await answer.text()}`);
  const page = await context.newPage();
  page.on("pageerror", (error) => said.push(error.message));
  return { context, page, api: await apiOf(context, server.url) };
}

export async function member(browser, server, lead, project, name, roles, said) {
  const id = newId();
  const made = await lead.api.call("PUT", `/people/${id}`, { name, display_name: `Dr ${name}`, roles: [] });
  const person = await browserOf(browser, server, made.link.url, said);
  await lead.api.call("PUT", `/projects/${project}/members/${id}`, { roles });
  return person;
}
