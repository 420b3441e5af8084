// SPDX-License-Identifier: Apache-2.0
// Makes tokens with npm jose. Reads lines {"alg", "header", "claims", "key": JWK | "secret": TEXT}
// from standard input, writes a token each.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { createInterface } from 'node:readline';

const require = createRequire(process.env.OIDC_MODULES + '/');
const jose = await import(pathToFileURL(require.resolve('jose')).href);

for await (const line of createInterface({ input: process.stdin })) {
  const { header, claims, key, secret, unsecured } = JSON.parse(line);
  if (unsecured) {
    console.log(new jose.UnsecuredJWT(claims).encode());
    continue;
  }
  const by = secret ? new TextEncoder().encode(secret) : await jose.importJWK(key, header.alg);
  const critical = Object.fromEntries((header.crit ?? []).map((name) => [name, true]));
  console.log(await new jose.CompactSign(new TextEncoder().encode(JSON.stringify(claims)))
    .setProtectedHeader(header).sign(by, { crit: critical }));
}
