"""Always-on modules, built like plugins; upper may import lower: stats, accounts, tenancy, tasks, access, audit."""
