using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Machine;

namespace DeterministicInference.Server.Engines.Acme;

/// <summary>What Acme Serve promises with --fixed-order, and what undoes it.</summary>
internal sealed class AcmeDeterminism : IEngineDeterminism
{
    public string Basis => "Acme's fixed-order kernels, for one build on processors of one kind";

    public IEnumerable<Finding> CheckLaunch(ServeOptions options, MachineFacts machine)
    {
        if (!options.Enforces)
            yield break;
        var own = new EngineCommandLine(options.BackendArguments);
        if (own.Last("--speculate") is not null)
        {
            yield return Finding.Refused(
                "speculative_decoding",
                "--speculate ends Acme Serve where it is started with --fixed-order. Leave it out."
            );
        }
        if (own.Value("--kv-bits") is "4" or "8")
        {
            yield return Finding.Degrades(
                "kv_cache_type",
                "--kv-bits below 16 rounds by what else is computed. Leave it out."
            );
        }
    }
}
