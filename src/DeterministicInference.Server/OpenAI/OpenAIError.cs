using System.Buffers;
using System.Text.Json;

namespace DeterministicInference.Server.OpenAI;

/// <summary>Writes the only error body there is: <c>{"error":{"message","type","param","code"}}</c>, all four keys.</summary>
internal static class OpenAIError
{
    public static async Task WriteAsync(HttpContext context, OpenAIException error)
    {
        context.Response.StatusCode = error.Status;
        byte[] body = Body(error);
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body, context.RequestAborted);
    }

    public static byte[] Body(OpenAIException error)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer, ApiJson.WriterOptions))
        {
            json.WriteStartObject();
            json.WriteStartObject("error");
            json.WriteString("message", error.Message);
            json.WriteString("type", error.Type);
            json.WriteString("param", error.Param);
            json.WriteString("code", error.Code);
            json.WriteEndObject();
            json.WriteEndObject();
        }
        return buffer.WrittenSpan.ToArray();
    }
}
