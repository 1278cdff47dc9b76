"""A network lab of namespaces: the demo, the tests and the benchmarks use the same one."""
