"""The product under faults: a harness that breaks its neighbours, and checks that share no code with it."""
