"""The site's drawings, by name."""

from __future__ import annotations

from docs.tools.drawing import Drawing


def architecture() -> Drawing:
    """Draw the components and their dependencies."""
    drawing = Drawing(
        760, 560,
        "Clients are generated from the specs, the typed layer uses them, and tests check the "
        "sandbox against the specs.",
    )  # fmt: skip
    users = drawing.box(40, 30, 330, 60, "Your program", "or the command line, or pytest")
    faces = drawing.box(
        40,
        130,
        330,
        70,
        "Public classes",
        "`BitfountHub  BitfountAM  SMARTOnFHIR",
        "sync and async",
    )
    flows = drawing.box(40, 240, 330, 60, "Flows", "every operation, written once, without I/O")
    drivers = drawing.box(40, 340, 330, 60, "Drivers", "threads or tasks; the only network I/O")
    session = drawing.box(440, 130, 280, 70, "Session", "credentials: API keys,", "tokens, a login")
    made = drawing.box(
        440, 240, 280, 60, "Generated clients", "request builders, never edited", kind="soft"
    )
    specs = drawing.box(
        440, 340, 280, 60, "openapi/*.yaml", "what the services accept", kind="warm"
    )
    services = drawing.box(40, 460, 330, 70, "Bitfount's services", "Hub, access manager,",
                           "SMART on FHIR, object storage", kind="soft")  # fmt: skip
    sandbox = drawing.box(
        440,
        460,
        280,
        70,
        "Sandbox",
        "the services on your machine,",
        "an independent implementation",
        kind="soft",
    )
    drawing.arrow(users.bottom, faces.top)
    drawing.arrow(faces.bottom, flows.top)
    drawing.arrow(flows.bottom, drivers.top)
    drawing.arrow(faces.right, session.left)
    drawing.arrow(flows.right, made.left)
    drawing.arrow(specs.top, made.bottom)
    drawing.words(595, 325, "make generate", "code", "start")
    drawing.arrow(drivers.bottom, services.top, both=True)
    drawing.words(215, 435, "HTTPS", "small", "start")
    drawing.arrow(drivers.right, (405, 370), (405, 495), sandbox.left, both=True)
    drawing.arrow(specs.bottom, sandbox.top, dashed=True)
    drawing.words(590, 435, "checked by tests", "small", "start")
    return drawing


def flow() -> Drawing:
    """Draw the sequence of one call."""
    drawing = Drawing(
        760, 470,
        "A flow yields effects, and a driver performs them and sends back the outcomes, until the "
        "flow returns the result.",
    )  # fmt: skip
    you, flow_at, driver, hub = 100, 295, 500, 675
    for x, title, what in (
        (you, "hub.get_pod", "your call"),
        (flow_at, "flow", "yields effects"),
        (driver, "driver", "performs them"),
        (hub, "the Hub", "responds"),
    ):
        drawing.box(x - 70, 25, 140, 55, title, what, kind="soft" if x == hub else "box")
        drawing.lifeline(x, 80, 450)
    steps = (
        (115, you, flow_at, "starts"),
        (150, flow_at, driver, "Send: GET /api/pods/…"),
        (185, driver, hub, "GET, credentials"),
        (220, hub, driver, "503"),
        (255, driver, flow_at, "the response"),
        (290, flow_at, driver, "Sleep, Send: GET"),
        (325, driver, hub, "GET, credentials"),
        (360, hub, driver, "200, JSON"),
        (395, driver, flow_at, "the response"),
        (430, flow_at, you, "validated details"),
    )
    for y, begin, end, text in steps:
        step = 8 if begin < end else -8
        drawing.arrow((begin + step, y), (end - step, y))
        drawing.words((begin + end) / 2, y - 7, text)
    return drawing


def sandbox() -> Drawing:
    """Draw the sandbox and its users."""
    drawing = Drawing(
        760, 430,
        "Your tests and your program speak HTTP to four local services that share one state; the "
        "tests also add data and inject faults.",
    )  # fmt: skip
    program = drawing.box(30, 75, 190, 90, "Your program", "with its own clients")
    tests = drawing.box(30, 265, 190, 110, "Your tests", "`bitfount_sandbox", "a pytest fixture")
    drawing.words(310, 45, "The sandbox, on this machine", "title", "start")
    inside = drawing.box(310, 60, 420, 340, kind="soft")
    names = (
        ("Hub and OAuth", "port 3000"),
        ("Access manager", "port 3001"),
        ("SMART on FHIR", "port 3002"),
        ("Object store (S3)", "port 3003"),
    )
    services = [
        drawing.box(330, 80 + 66 * number, 170, 52, name, port)
        for number, (name, port) in enumerate(names)
    ]
    state = drawing.box(580, 90, 130, 80, "State", "SQLite, files", kind="warm")
    faults = drawing.box(
        580, 220, 130, 80, "Faults", "delays, errors,", "broken links", kind="warm"
    )
    drawing.arrow(program.right, (inside.x, program.right[1]), both=True)
    drawing.words(265, 110, "HTTP")
    drawing.arrow(tests.top, program.bottom)
    drawing.words(137, 220, "call it", "small", "start")
    for service in services:
        drawing.arrow(service.right, (540, service.right[1]), (540, 130), state.left)
    drawing.arrow(tests.right, (265, 320), (265, 380), (645, 380), faults.bottom)
    drawing.words(330, 371, "add data, inject faults, inspect", "small", "start")
    return drawing


DRAWINGS = {"architecture": architecture, "flow": flow, "sandbox": sandbox}
