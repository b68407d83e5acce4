import { Duplex } from 'node:stream';

/** Two streams, each of which reads what is written to the other; as sockets are, but without a system behind them. */
export function duplexPair(): [Duplex, Duplex] {
  const end = (other: () => Duplex) =>
    new Duplex({
      read: () => undefined,
      write: (chunk, _encoding, done) => {
        other().push(chunk);
        done();
      },
      final: (done) => {
        other().push(null);
        done();
      },
    });
  const left: Duplex = end(() => right);
  const right: Duplex = end(() => left);
  return [left, right];
}
