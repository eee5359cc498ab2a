"""Recordings of other formats, read apart from our readers: pydicom for DICOM, else what a format's description says,
in Python. Each reader returns {lead: samples as stored}; leads that a program computes from others are not in it.
"""

import base64
import re
import struct
import xml.etree.ElementTree as xml

import numpy as np

STANDARD_LEADS = "I II III aVR aVL aVF V1 V2 V3 V4 V5 V6".split()
SCP_LEADS = {1: "I", 2: "II", 3: "V1", 4: "V2", 5: "V3", 6: "V4", 7: "V5", 8: "V6", 61: "III", 62: "aVR", 63: "aVL", 64: "aVF"}


def lead_of(text):
    name = re.sub(r"^(MDC_ECG_LEAD_|Lead )", "", text).split(" (")[0]
    return next((lead for lead in STANDARD_LEADS if lead.lower() == name.lower()), name)


def read_dicom(path):
    import pydicom

    dataset = pydicom.dcmread(path)
    leads = {}
    for number, group in enumerate(dataset.WaveformSequence):
        if group.get("WaveformOriginality") == "DERIVED":
            continue
        raw = dataset.waveform_array(number)
        for c, definition in enumerate(group.ChannelDefinitionSequence):
            step = float(definition.get("ChannelSensitivity", 1)) * float(definition.get("ChannelSensitivityCorrectionFactor", 1))
            base = float(definition.get("ChannelBaseline", 0) or 0)
            name = lead_of(definition.ChannelSourceSequence[0].CodeMeaning)
            leads[name] = np.rint((raw[:, c] - base) / step).astype(np.int64)
    return leads


def read_aecg(path):
    leads = {}
    root = xml.parse(path).getroot()
    v3 = "{urn:hl7-org:v3}"
    for series in root.iter(v3 + "series"):
        for sequence in series.findall(f"{v3}component/{v3}sequenceSet/{v3}component/{v3}sequence"):
            code = sequence.find(v3 + "code").get("code")
            digits = sequence.find(f"{v3}value/{v3}digits")
            if digits is not None:
                leads[lead_of(code)] = np.array(digits.text.split(), dtype=np.int64)
    return leads


def read_muse(path):
    leads = {}
    for waveform in xml.parse(path).getroot().findall("Waveform"):
        if waveform.findtext("WaveformType").strip() != "Rhythm":
            continue
        for lead in waveform.findall("LeadData"):
            data = base64.b64decode(lead.findtext("WaveFormData"))
            leads[lead_of(lead.findtext("LeadID").strip())] = np.frombuffer(data, dtype="<i2").astype(np.int64)
    return leads


def unpack_lzw(data):
    strings = {code: bytes([code]) for code in range(256)}
    out, before, bits, count, following = bytearray(), None, 0, 0, 256
    for byte in data:
        bits, count = (bits << 8 | byte) & 0xFFFFFF, count + 8
        if count < 10:
            continue
        count -= 10
        code = bits >> count & 0x3FF
        if code == 0x3FF:
            break
        entry = strings[code] if code in strings else before + before[:1]
        out += entry
        if before is not None and following < 0x3FF:
            strings[following] = before + entry[:1]
            following += 1
        before = entry
    return bytes(out)


def wrapped(value):
    return (value + 32768) % 65536 - 32768


def read_sierra(path):
    with open(path, "rb") as file:
        data = file.read()
    text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8")
    root = xml.fromstring(re.sub(r"^<\?xml[^>]*\?>", "", text.lstrip("\ufeff")))
    space = root.tag[: root.tag.index("}") + 1] if "}" in root.tag else ""
    waves = root.find(f"{space}waveforms/{space}parsedwaveforms")
    raw = base64.b64decode(waves.text)
    names = (waves.get("leadlabels") or " ".join(STANDARD_LEADS)).split()
    leads, at = [], 0
    while at + 8 <= len(raw):
        size, _, start = struct.unpack_from("<iHh", raw, at)
        packed = unpack_lzw(raw[at + 8:at + 8 + size])
        at += 8 + size
        half = len(packed) // 2
        values = [wrapped(packed[i] << 8 | packed[half + i]) for i in range(half)]
        last = start
        for i in range(2, half):
            sample = wrapped(2 * values[i - 1] - values[i - 2] - last)
            last = wrapped(values[i] - 64)
            values[i] = sample
        leads.append(np.array(values))
    one, two = leads[0], leads[1]
    leads[2] = two - one - leads[2]
    for index, total in ((3, -(one + two)), (4, one - leads[2]), (5, two + leads[2])):
        leads[index] = np.trunc(total / 2).astype(np.int64) - leads[index]
    return dict(zip(names, leads))


def unpack_scp(data, count, order):
    """Differences of that order under the default table, added up."""
    bits = "".join(f"{byte:08b}" for byte in data)
    values, place = [], 0
    while len(values) < count:
        ones = 0
        while ones < 10 and bits[place] == "1":
            ones, place = ones + 1, place + 1
        if ones < 10:
            place += 1  # the zero
        if ones == 0:
            values.append(0)
        elif ones <= 8:
            values.append(-ones if bits[place] == "1" else ones)
            place += 1
        else:
            width = 8 if ones == 9 else 16
            value = int(bits[place:place + width], 2)
            values.append(value - (1 << width) if value >> (width - 1) else value)
            place += width
    for i in range(order if order else len(values), len(values)):
        values[i] += values[i - 1] if order == 1 else 2 * values[i - 1] - values[i - 2]
    return np.array(values)


def scp_leads_of(section, counts):
    step, interval, order, bimodal = struct.unpack_from("<HHBB", section, 0)
    if bimodal:
        raise ValueError("bimodal data")
    sizes = struct.unpack_from(f"<{len(counts)}H", section, 6)
    at, leads = 6 + 2 * len(counts), []
    for size, count in zip(sizes, counts):
        leads.append(unpack_scp(section[at:at + size], count, order))
        at += size
    return step, interval, leads


def read_scp(path):
    """The default table, with or without a reference beat: what the test data hold."""
    with open(path, "rb") as file:
        data = file.read()
    sections = {}
    length = struct.unpack_from("<I", data, 10)[0]
    for at in range(22, 6 + length, 10):
        number, size, index = struct.unpack_from("<HII", data, at)
        if size:
            sections[number] = data[index - 1 + 16:index - 1 + size]
    if struct.unpack_from("<H", sections[2], 0)[0] != 19999:
        raise ValueError("a table of its own")
    count, flags = sections[3][0], sections[3][1]
    definitions = [struct.unpack_from("<IIB", sections[3], 2 + 9 * i) for i in range(count)]
    counts = [last - first + 1 for first, last, _ in definitions]
    step, _, leads = scp_leads_of(sections[6], counts)
    if flags & 1:
        milliseconds, fiducial, beats = struct.unpack_from("<HHH", sections[4], 0)
        interval = struct.unpack_from("<H", sections[5], 2)[0]
        beat_step, _, averages = scp_leads_of(sections[5], [milliseconds * 1000 // interval] * count)
        for i in range(beats):
            kind, begin, at, end = struct.unpack_from("<HIII", sections[4], 6 + 14 * i)
            if kind:
                continue
            for lead, average in zip(leads, averages):
                part = average[begin - at + fiducial - 1:end - at + fiducial] * beat_step / step
                # Halves away from 0.
                lead[begin - 1:end] += (np.sign(part) * np.floor(np.abs(part) + 0.5)).astype(np.int64)
    return {SCP_LEADS[number]: lead for (_, _, number), lead in zip(definitions, leads)}


def read_brainvision(path):
    import configparser
    import os

    with open(path, encoding="utf-8") as file:
        text = file.read().split("\n", 1)[1].split("[Comment]")[0]
    header = configparser.ConfigParser(interpolation=None, delimiters=("=",), comment_prefixes=(";",), strict=False)
    header.optionxform = str
    header.read_string(text)
    common = header["Common Infos"]
    count = int(common["NumberOfChannels"])
    form = {"INT_16": "<i2", "INT_32": "<i4"}[header["Binary Infos"]["BinaryFormat"]]
    raw = np.fromfile(os.path.join(os.path.dirname(path), common["DataFile"]), dtype=form)
    table = raw.reshape(-1, count) if common["DataOrientation"] == "MULTIPLEXED" else raw.reshape(count, -1).T
    names = [header["Channel Infos"][f"Ch{i + 1}"].split(",")[0] for i in range(count)]
    return {name: table[:, i].astype(np.int64) for i, name in enumerate(names)}


READERS = {"DICOM waveform": read_dicom, "SCP-ECG": read_scp, "HL7 aECG": read_aecg, "GE MUSE XML": read_muse,
           "Philips Sierra XML": read_sierra, "BrainVision": read_brainvision}


def compare(path, ours, signals):
    """(verdict, detail)."""
    try:
        theirs = READERS[ours["kind"]](path)
    except Exception as problem:  # whatever a judge does not take
        return "judge cannot read", f"{type(problem).__name__}: {problem}"
    there = {channel["name"]: (channel, samples) for channel, samples in zip(ours["header"]["channels"], signals)}
    for name, samples in theirs.items():
        if name not in there:
            return "differs", f"lead {name} is missing"
        mine = there[name][1]
        if len(mine) != len(samples):
            return "differs", f"lead {name}: {len(mine)} samples, the judge has {len(samples)}"
        where = np.flatnonzero(mine.astype(np.int64) != samples)
        if len(where):
            return "differs", f"lead {name}, sample {where[0]}: {mine[where[0]]}, the judge has {samples[where[0]]}"
    return "equal", ""
