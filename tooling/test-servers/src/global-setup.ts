// For `globalSetup` of the root's vitest configuration: one per run. It starts nothing but a listener; servers
// are started when a test file asks for them.
import type { TestProject } from 'vitest/node';
import { NOT_HERE } from './run-context.ts';
import { SharedServers, serveShared } from './shared-servers.ts';

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const servers = new SharedServers();
  const service = await serveShared(servers);
  project.provide('testServersPort', service.port);
  return async () => {
    service.close();
    await servers.stop();
    for (const module of project.vitest.state.getTestModules()) {
      for (const test of module.children.allTests('skipped')) {
        if (test.fullName.includes(NOT_HERE)) console.log(`[test-servers] SKIPPED ${test.fullName}`);
      }
    }
  };
}
