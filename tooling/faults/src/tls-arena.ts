import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { TortureCut, TortureScene } from '@stackone/openai-agents-js-sessions/torture';
import { makeTlsMaterial, TestServer, type TlsMaterial } from '@stackone/test-servers';
import { type Arena, type ArenaFault, between } from './arena.ts';
import { SERVERS, type ServerEngine, type ServerGround, serverGround } from './server-ground.ts';

/** The name that the server's certificate has. */
const HOST = 'localhost';

const PARAMETERS = {
  postgres: (ca: string) => ({ sslmode: 'verify-full', sslrootcert: ca }),
  mysql: (ca: string) => ({ 'ssl-mode': 'VERIFY_IDENTITY', 'ssl-ca': ca }),
  mariadb: (ca: string) => ({ 'ssl-mode': 'VERIFY_IDENTITY', 'ssl-ca': ca }),
};

const RELOAD = {
  postgres: 'SELECT pg_reload_conf()',
  mysql: 'ALTER INSTANCE RELOAD TLS',
  mariadb: 'FLUSH SSL',
};

interface TlsGround extends ServerGround {
  /** Has the server show this certificate to connections that begin. */
  show(tls: TlsMaterial): Promise<void>;
}

/** A server that writers reach by TLS alone, and whose certificate they check. */
export const tlsArena = (engine: ServerEngine): Arena<TlsGround> => ({
  name: 'a server with TLS',
  faults: FAULTS,
  async open() {
    const server = await SERVERS[engine]({ tls: {} });
    const { tls: _, ...unencrypted } = server.address;
    const administrator = new TestServer(unencrypted);
    const ground = await serverGround(server, administrator);
    const ca = join(server.folder, 'authority-of-the-writers.pem');
    await writeFile(ca, server.tls?.ca ?? '');
    const url = Object.assign(new URL(ground.url), { hostname: HOST });
    for (const [name, value] of Object.entries(PARAMETERS[engine](ca))) url.searchParams.set(name, value);
    const files = join(server.folder, engine === 'postgres' ? 'data' : '');
    return {
      ...ground,
      url: url.href,
      writersUrl: (through) => Object.assign(new URL(through), { hostname: HOST }).href,
      async show({ ca: authority, server: { cert, key } }) {
        // MySQL takes no certificate of an authority that it does not know
        await writeFile(join(files, 'ca.crt'), authority);
        await writeFile(join(files, 'server.crt'), cert);
        await writeFile(join(files, 'server.key'), key);
        await administrator.query(RELOAD[engine]);
      },
    };
  },
});

const FAULTS: readonly ArenaFault<TlsGround>[] = [
  struck('TLS: tampered with', 'tamper', () => {}),
  // connections that begin are struck, in one of the first things that are sent
  struck('TLS: garbage in the handshake', 'tamper', ({ network }) => network?.cutAll()),
  struck('TLS: cut in the handshake', 'reset', ({ network }) => network?.cutAll()),
  {
    name: 'TLS: another certificate',
    async strike(scene, { server, orders, show }) {
      await show(await makeTlsMaterial('other'));
      await orders.end(1, scene.random);
      await wait(between(scene, 50, 300));
      if (server.tls) await show(server.tls);
    },
  },
];

function struck(
  name: string,
  how: TortureCut['how'],
  before: (scene: TortureScene) => void,
): ArenaFault<TlsGround> {
  return {
    name,
    needsNetwork: true,
    async strike(scene) {
      const { network, random } = scene;
      for (let times = 0; times < 4; times++) {
        before(scene);
        await wait(between(scene, 0, 15));
        const direction = random() < 0.5 ? 'request' : 'answer';
        await Promise.race([network?.cutNext({ direction, part: random(), how }), wait(500)]);
        network?.forgetCut();
      }
    },
  };
}
