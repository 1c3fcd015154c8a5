module deterministic-inference/reexecute

go 1.19
