// preloaded: the process takes itself for an old Node, and so takes the one of the registry
Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.20.2' } });
