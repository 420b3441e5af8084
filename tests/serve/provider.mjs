// SPDX-License-Identifier: Apache-2.0
// The OpenID provider of npm oidc-provider on the loopback, with one new key.
// usage: provider.mjs PORT ALGORITHM KID KEYFILE   writes its private key (JWK) to KEYFILE
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const require = createRequire(process.env.OIDC_MODULES + '/');
const load = async (name) => import(pathToFileURL(require.resolve(name)).href);
const { Provider, default: Default } = await load('oidc-provider');
const { generateKeyPair, exportJWK } = await load('jose');

const [port, alg, kid, keyfile] = process.argv.slice(2);
const { privateKey } = await generateKeyPair(alg, { extractable: true });
const key = { ...(await exportJWK(privateKey)), alg, use: 'sig', kid };
writeFileSync(keyfile, JSON.stringify(key));

const scope = ['read', 'test', 'control', 'config', 'data', 'state', 'admin']
  .map((name) => `intelmq.${name}`).join(' ') + ' intelmq.control:one intelmq.control:two soc';
const issuer = `http://127.0.0.1:${port}`;
const provider = new (Provider ?? Default)(issuer, {
  jwks: { keys: [key] },
  scopes: scope.split(' '),
  clients: [{
    client_id: 'tool', client_secret: 'tool-secret', grant_types: ['client_credentials'],
    redirect_uris: [], response_types: [], id_token_signed_response_alg: alg,
  }],
  enabledJWA: { idTokenSigningAlgValues: [alg] },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: (_context, resource) => ({
        scope, audience: resource, accessTokenFormat: 'jwt', accessTokenTTL: 300,
        jwt: { sign: { alg } },
      }),
    },
  },
  ttl: { ClientCredentials: 300 },
});
provider.listen(Number(port), '127.0.0.1', () => console.log('ready'));
