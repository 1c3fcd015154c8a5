using DeterministicInference.Server.OpenAI;
using DeterministicInference.Server.Receipts.Store;

namespace DeterministicInference.Server.Receipts.Http;

/// <summary>Errors of the store as answers. The store itself logs them, and <c>/health</c> has the reason.</summary>
internal static class StoreErrors
{
    /// <exception cref="OpenAIException">503: the store can't be read at present. 500: the log is damaged.</exception>
    public static async Task<T> ExplainAsync<T>(Task<T> reading)
    {
        try
        {
            return await reading;
        }
        catch (ReceiptStoreException)
        {
            throw new OpenAIException(
                StatusCodes.Status503ServiceUnavailable,
                "server_error",
                "Receipts can't be read at present; GET /health says why.",
                code: "log_unavailable"
            )
            {
                RetryAfter = OpenAIException.UsualRetryAfter,
            };
        }
        catch (InvalidDataException)
        {
            throw Damaged("what was asked for can't be proved");
        }
    }

    /// <summary>500: what is asked for is there, and not as it was stored.</summary>
    /// <param name="what">A clause.</param>
    public static OpenAIException Damaged(string what) =>
        new(
            StatusCodes.Status500InternalServerError,
            "server_error",
            $"The log of receipts is damaged: {what}. The operator finds the place with receipts check.",
            code: "log_damaged"
        );
}
