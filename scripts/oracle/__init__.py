"""Every public function against an independent computation, on random and degenerate inputs: `make test-oracle`.

A module of this folder has a function ``check(oracle)``, which calls ``oracle.compare`` for each function.
"""
