using System.Text.Json;
using System.Text.Json.Serialization;

/// <summary>What this example reads of an event. docs/schemas/job-event.schema.json has all fields.</summary>
/// <param name="Id">The same however often the event is sent.</param>
/// <param name="Type">print.job.started, print.job.fetchable, print.job.ended, or one that was added since.</param>
public sealed record JobEvent(
    [property: JsonRequired] string Id,
    [property: JsonRequired] string Type,
    [property: JsonRequired] JobData Data)
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        RespectNullableAnnotations = true,
    };

    /// <exception cref="JsonException">The message is not an event.</exception>
    public static JobEvent Parse(BinaryData body) =>
        JsonSerializer.Deserialize<JobEvent>(body, Options) ?? throw new JsonException("The message is not an event");
}

/// <param name="Outcome">How the job event ended; docs/events.md explains each.</param>
/// <param name="Job">printJob as Microsoft Graph gave it; null when it could not be read.</param>
public sealed record JobData(
    [property: JsonRequired] string TenantId,
    [property: JsonRequired] string Outcome,
    string? PrinterId,
    string? JobId,
    JsonElement? Job);
