// Starts a server, says where it is, and waits to be killed.
import type { Target } from '../src/engines.ts';
import { guardianPid } from '../src/guardian.ts';
import { startTarget } from '../src/start-target.ts';

const { server } = await startTarget(process.argv[2] as Target, {});
console.log(JSON.stringify({ pid: server.pid, folder: server.folder, guardian: guardianPid() }));
setInterval(() => {}, 1 << 30);
