// See own-network.ts: says which process it is, and waits for its end.
process.stdout.write(`${process.pid}\n`);
process.stdin.resume();
