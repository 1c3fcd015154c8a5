using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Statements;
using DeterministicInference.Server.Configuration;

namespace DeterministicInference.Server.Verification;

/// <summary>The policy that a verifier trusts: witnesses, and logs too if it lists some.</summary>
internal static class PolicyInput
{
    /// <exception cref="InputException">The file can't be read, or is no policy.</exception>
    public static WitnessPolicy Read(string path)
    {
        try
        {
            return WitnessPolicyFile.Read(path);
        }
        catch (IOException e)
        {
            throw new InputException($"--witness-policy: '{path}' {e.Message}");
        }
    }

    /// <summary>The log of a policy that has the name of a receipt's log; null if there is none.</summary>
    public static PublicKeyInput? LogOf(WitnessPolicy? policy, Receipt receipt)
    {
        PublicKeyInput[] keys =
        [
            .. (policy?.Logs ?? [])
                .Select(log => log.Key)
                .OfType<NoteKey>()
                .Where(key => key.Name == receipt.Origin)
                .Select(PublicKeyInput.Of),
        ];
        return keys.Length == 0 ? null : PublicKeyInput.Named(keys, receipt);
    }
}
