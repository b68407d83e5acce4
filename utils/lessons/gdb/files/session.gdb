# gdb is connected, and the machine waits at its first instruction.
